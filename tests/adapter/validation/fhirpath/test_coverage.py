"""Every invariant of R4 and of the packages at hand can be compiled; what cannot be judged says so when compiled."""

import pytest

from adapter.validation.fhirpath import UnsupportedExpression, compiled
from tests.adapter.validation.fhirpath.expressions import published


def test_the_invariants_are_at_hand() -> None:
    keys = {key for pairs in published().values() for key, _ in pairs}
    assert {
        "dom-3",
        "per-1",
        "bdl-7",
        "que-2",
        "sdf-8a",
        "us-core-1",
        "us-core-17",
        "TechniquesForPulsedDoseRate",
    } <= keys
    assert len({expression for pairs in published().values() for _, expression in pairs}) >= 240


def test_every_invariant_is_compiled() -> None:
    refused = []
    for kind, pairs in published().items():
        for key, expression in pairs:
            try:
                compiled(expression, kind, key)
            except UnsupportedExpression as error:
                refused.append((key, str(error)))
    assert refused == []


@pytest.mark.parametrize(
    ("expression", "named"),
    [
        ("now() > birthDate", "now()"),
        ("today().exists()", "today()"),
        ("code.memberOf('http://example.org/vs')", "memberOf()"),
        ("subject.resolve().conformsTo('http://example.org/p')", "conformsTo()"),
        ("name.fold()", "the function fold()"),
        ("%age > 3", "the variable %age"),
        ("value is Quantitty", "the type Quantitty"),
        ("value.ofType(System.Foo)", "the type System.Foo"),
        ("name.exists(", "breaks off"),
        ("name.exists())", "')' at character 14"),
        ("name = 'open", "character 8"),
        ("'\\q'", "escape at character 1"),
        ("name.substring()", "substring() with 0 arguments"),
        ("name.matches(family)", "matches() with what is no constant"),
        ("name.matches('(')", "a regular expression"),
        ("value as 5", "'5' at character 10"),
        ("(" * 200 + "1" + ")" * 200, "nesting"),
        ("", "breaks off"),
        ("name;", "character 5"),
    ],
)
def test_what_cannot_be_judged_is_named(expression: str, named: str) -> None:
    with pytest.raises(UnsupportedExpression) as caught:
        compiled(expression, "Patient")
    assert named in str(caught.value)
