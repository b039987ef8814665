"""The helper that checks RULES refuses what is not true."""

from types import ModuleType

import pytest

from mappings.domain.party import Accreditation
from mappings.fhir.datatypes import Rule
from tests.mappings.fhir.rules import check_fields, check_rules, occurs

EXAMPLE = {
    "resourceType": "Coverage",
    "id": "1",
    "extension": [{"url": "http://example.org/one"}],
    "period": {"start": "2026", "_end": {"extension": [{"url": "http://example.org/raw"}]}},
    "payor": [{"reference": "urn:uuid:1"}],
}


def module(*rules: Rule) -> ModuleType:
    made = ModuleType("made")
    made.__dict__["RULES"] = rules
    return made


FULL = (
    Rule("a.b", "Coverage.extension:one"),
    Rule("a.c", "Coverage.period.start, Coverage.payor.reference"),
    Rule("a.d", "-"),
)


def test_true_rules_pass() -> None:
    check_rules(module(*FULL), EXAMPLE)


@pytest.mark.parametrize("left_out", [0, 1])
def test_an_element_without_a_rule_is_found(left_out: int) -> None:
    with pytest.raises(AssertionError, match="in no rule"):
        check_rules(module(*(rule for n, rule in enumerate(FULL) if n != left_out)), EXAMPLE)


@pytest.mark.parametrize(
    "path", ["Coverage.plan", "Coverage.extension:two", "Coverage.period.start.day", "Patient.payor", "Coverage"]
)
def test_a_rule_without_an_element_is_found(path: str) -> None:
    with pytest.raises(AssertionError, match="never written"):
        check_rules(module(*FULL, Rule("a.e", path)), EXAMPLE)


def test_a_module_without_rules_is_found() -> None:
    with pytest.raises(AssertionError, match="no rules"):
        check_rules(module(), {"resourceType": "Coverage"})


def test_extensions_of_primitives_occur() -> None:
    assert occurs("Coverage.period.end.extension:raw", EXAMPLE)


def test_a_field_without_a_rule_is_found() -> None:
    rules = (Rule("a.body, a.number", "X.y"), Rule("a.period.start", "X.z"))
    check_fields(module(*rules), Accreditation, "a")
    with pytest.raises(AssertionError, match="fields in no rule"):
        check_fields(module(rules[0]), Accreditation, "a")
