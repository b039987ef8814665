"""Extensions: known, in their place, modifier or not, and as their definition says."""

from typing import Any

import pytest

from adapter.validation import validate_resource
from adapter.validation.model import Slicing
from mappings.fhir.wire import Json
from tests.adapter.validation.literal import CANONICAL, Literal, fixed, node, profile, types

SECRET = "Zebulon-Quillfeather"


def url(name: str) -> Any:
    return node(fixed=fixed("uri", name))


def extension(name: str, *contexts: tuple[str, str], **said: Any) -> Any:
    children = {"url": url(CANONICAL + name), "value[x]": node(min=1, types=types("string")), "extension": node(max=0)}
    return profile(name, "Extension", children, contexts=contexts, **said)


PARTS = {
    "one": node(min=1, max=1, children={"url": url("one"), "value[x]": node(min=1, types=types("code"))}),
    "two": node(children={"url": url("two"), "extension": node(min=1)}),
}
NESTED = profile(
    "nested",
    "Extension",
    {
        "url": url(CANONICAL + "nested"),
        "extension": node(slicing=Slicing(discriminators=(("value", "url"),)), slices=PARTS),
        "value[x]": node(max=0),
    },
    contexts=(("element", "Patient"),),
)
DEFINITIONS = Literal(
    NESTED,
    extension("anywhere", ("element", "Element")),
    extension("patient", ("element", "Patient")),
    extension("domain", ("element", "DomainResource")),
    extension("resource", ("element", "Resource")),
    extension("name", ("element", "HumanName")),
    extension("contact-name", ("element", "Patient.contact.name")),
    extension("contact", ("element", "Patient.contact")),
    extension("birth", ("element", "Patient.birthDate")),
    extension("deceased", ("element", "Patient.deceased[x]")),
    extension("string", ("element", "string")),
    extension("family", ("element", "HumanName.family"), ("element", "Patient.name.given")),
    extension("backbone", ("element", "BackboneElement")),
    extension("begun", ("fhirpath", "descendants().ofType(Period).start")),
    extension("called", ("fhirpath", "Patient.name | Patient.contact.where(gender = 'male')")),
    extension("within", ("extension", CANONICAL + "anywhere")),
    extension("changes", ("element", "Patient"), modifier=True),
    extension("named", ("element", "Patient"), context_invariants=("gender.exists() or %extension.value = 'a'",)),
    extension("active", ("element", "Patient"), context_invariants=("active.exists()",)),
    profile("no-extension", "Patient", {}),
)


def ext(name: str, **members: Any) -> Json:
    return {"url": CANONICAL + name, **(members or {"valueString": "a"})}


def judged(resource: Json) -> list[tuple[str, str]]:
    found = validate_resource(resource, definitions=DEFINITIONS)
    assert SECRET not in str(found)
    return [(p.rule, p.where) for p in found]


def patient(*extensions: Json, **members: Any) -> Json:
    made: Json = {"resourceType": "Patient", **(members or {"gender": "female"})}
    return {**made, "extension": list(extensions)} if extensions else made


@pytest.mark.parametrize(
    ("resource", "rule"),
    [
        (patient({"url": "https://foo.example/" + SECRET, "valueCode": "a"}), "fhir.extension-unknown"),
        (patient(ext(SECRET)), "fhir.extension-unknown"),
        (patient(ext("no-extension")), "fhir.extension-unknown"),
        (patient({"url": SECRET, "valueCode": "a"}), "fhir.extension-url"),
    ],
)
def test_an_extension_that_nobody_defined_is_an_error(resource: Json, rule: str) -> None:
    assert judged(resource) == [(rule, "Patient.extension[0]")]


@pytest.mark.parametrize(
    "name",
    [
        "http://example.org/fhir/x",
        "http://acme.com/x",
        "http://nema.org/x",
        "http://hl7.org/fhir/tools/StructureDefinition/x",
    ],
)
def test_examples_and_the_tools_own_are_warnings_undefined_and_errors_as_modifiers(name: str) -> None:
    nested = {"url": name, "extension": [{"url": "part", "valueCode": "a"}]}
    for resource in (patient({"url": name, "valueCode": "a"}), patient(nested)):
        (found,) = validate_resource(resource, definitions=DEFINITIONS)
        assert (found.rule, found.severity, found.where) == (
            "fhir.extension-unknown",
            "warning",
            "Patient.extension[0]",
        )
    modified = {**patient(), "modifierExtension": [{"url": name, "valueCode": "a"}]}
    (found,) = validate_resource(modified, definitions=DEFINITIONS)
    assert (found.rule, found.severity) == ("fhir.extension-unknown", "error")


def test_an_unknown_modifier_is_told_to_be_one() -> None:
    unknown = {"url": "https://foo.example/x", "valueCode": "a"}
    found = validate_resource({**patient(), "modifierExtension": [unknown]}, definitions=DEFINITIONS)
    assert [(p.rule, p.where) for p in found] == [("fhir.extension-unknown", "Patient.modifierExtension[0]")]
    assert "must not be used without knowing it" in found[0].message


PLACES: list[tuple[str, Json]] = [
    ("Patient.extension[0]", patient(ext("{}"))),
    ("Patient.name[0].extension[0]", patient(name=[{"extension": [ext("{}")]}])),
    ("Patient.name[0].family.extension[0]", patient(name=[{"_family": {"extension": [ext("{}")]}}])),
    ("Patient.contact[0].extension[0]", patient(contact=[{"extension": [ext("{}")], "name": {"text": "x"}}])),
    ("Patient.contact[0].name.extension[0]", patient(contact=[{"name": {"extension": [ext("{}")]}}])),
    ("Patient.birthDate.extension[0]", patient(_birthDate={"extension": [ext("{}")]})),
    (
        "Patient.deceased.ofType(boolean).extension[0]",
        patient(deceasedBoolean=True, _deceasedBoolean={"extension": [ext("{}")]}),
    ),
    ("Basic.extension[0]", {"resourceType": "Basic", "code": {"text": "x"}, "extension": [ext("{}")]}),
    ("Bundle.meta.extension[0]", {"resourceType": "Bundle", "type": "collection", "meta": {"extension": [ext("{}")]}}),
]


@pytest.mark.parametrize(
    ("name", "where"),
    [
        ("anywhere", {p[0] for p in PLACES}),
        ("patient", {"Patient.extension[0]"}),
        ("domain", {"Patient.extension[0]", "Basic.extension[0]"}),
        ("resource", {"Patient.extension[0]", "Basic.extension[0]"}),
        ("name", {"Patient.name[0].extension[0]", "Patient.contact[0].name.extension[0]"}),
        ("contact-name", {"Patient.contact[0].name.extension[0]"}),
        ("contact", {"Patient.contact[0].extension[0]"}),
        ("backbone", {"Patient.contact[0].extension[0]"}),
        ("birth", {"Patient.birthDate.extension[0]"}),
        ("deceased", {"Patient.deceased.ofType(boolean).extension[0]"}),
        ("string", {"Patient.name[0].family.extension[0]"}),
        ("family", {"Patient.name[0].family.extension[0]"}),
        ("within", set()),
    ],
)
def test_an_extension_stands_where_its_definition_lets_it(name: str, where: set[str]) -> None:
    taken = {place for place, made in PLACES if judged(_named(made, name)) == []}
    refused = {place for place, made in PLACES if judged(_named(made, name)) == [("fhir.extension-context", place)]}
    assert taken == where
    assert refused == {p[0] for p in PLACES} - where


def test_a_fhirpath_says_where_an_extension_stands() -> None:
    begun = {"start": "2026", "_start": {"extension": [ext("begun")]}}
    assert judged(patient(name=[{"family": "x", "period": begun}])) == []
    ended = {"end": "2026", "_end": {"extension": [ext("begun")]}}
    where = "Patient.name[0].period.end.extension[0]"
    assert judged(patient(name=[{"family": "x", "period": ended}])) == [("fhir.extension-context", where)]
    contacts = [
        {"gender": gender, "name": {"text": "x"}, "extension": [ext("called")]} for gender in ("female", "male")
    ]
    found = judged(patient(name=[{"text": "x", "extension": [ext("called")]}], contact=contacts))
    assert found == [("fhir.extension-context", "Patient.contact[0].extension[0]")]


def _named(value: Any, name: str) -> Any:
    if isinstance(value, dict):
        return {key: _named(item, name) for key, item in value.items()}
    if isinstance(value, list):
        return [_named(item, name) for item in value]
    return value.replace("{}", name) if isinstance(value, str) else value


def test_an_extension_of_an_extension() -> None:
    inner = {"url": CANONICAL + "anywhere", "_valueString": {"extension": [ext("anywhere")]}}
    assert judged(patient(inner)) == []
    both = judged(patient(ext("anywhere", extension=[ext("within")], valueString="a")))
    assert both == [("fhir.cardinality", "Patient.extension[0].extension"), ("ext-1", "Patient.extension[0]")]
    assert judged(patient(ext("within"))) == [("fhir.extension-context", "Patient.extension[0]")]


def test_a_modifier_stands_among_modifiers_and_nothing_else_does() -> None:
    assert judged({**patient(), "modifierExtension": [ext("changes")]}) == []
    assert judged(patient(ext("changes"))) == [("fhir.extension-modifier", "Patient.extension[0]")]
    found = judged({**patient(), "modifierExtension": [ext("patient")]})
    assert found == [("fhir.extension-modifier", "Patient.modifierExtension[0]")]


def test_an_extension_may_ask_something_of_what_holds_it() -> None:
    assert judged(patient(ext("active"), active=True)) == []
    assert judged(patient(ext("active"), gender="male")) == [("fhir.extension-context", "Patient.extension[0]")]
    assert judged(patient(ext("named", valueString="a"), active=True)) == []
    found = judged(patient(ext("named", valueString="b"), active=True))
    assert found == [("fhir.extension-context", "Patient.extension[0]")]


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        (ext("patient", valueCode="a"), [("fhir.type", "Patient.extension[0].value")]),
        (
            {"url": CANONICAL + "patient", "extension": [ext("anywhere")]},
            [
                ("fhir.cardinality", "Patient.extension[0].value"),
                ("fhir.cardinality", "Patient.extension[0].extension"),
            ],
        ),
        (ext("nested", extension=[{"url": "one", "valueCode": "a"}]), []),
        (
            ext("nested"),
            [("fhir.slice", "Patient.extension[0].extension"), ("fhir.cardinality", "Patient.extension[0].value")],
        ),
        (
            ext("nested", extension=[{"url": "one", "valueCode": "a"}, {"url": SECRET, "valueCode": "b"}]),
            [("fhir.extension-unknown", "Patient.extension[0].extension[1]")],
        ),
        (
            ext("nested", extension=[{"url": "one", "valueString": "a"}]),
            [("fhir.type", "Patient.extension[0].extension[0].value")],
        ),
        (
            ext("nested", extension=[{"url": "one", "valueCode": "a"}] * 2),
            [("fhir.slice", "Patient.extension[0].extension")],
        ),
        (
            ext("nested", extension=[ext("anywhere")]),
            [("fhir.slice", "Patient.extension[0].extension")],
        ),
    ],
)
def test_an_extension_is_as_its_definition_says(given: Json, expected: list[tuple[str, str]]) -> None:
    assert judged(patient(given)) == expected


def test_published_extensions_are_known() -> None:
    core = "http://hl7.org/fhir/us/core/StructureDefinition/us-core-race"
    race = {"url": core, "extension": [{"url": "text", "valueString": "x"}]}
    assert validate_resource(patient(race)) == []
    found = validate_resource(patient({"url": core, "extension": [{"url": "zzz", "valueString": "x"}]}))
    assert sorted((p.rule, p.where) for p in found) == [
        ("fhir.extension-unknown", "Patient.extension[0].extension[0]"),
        ("fhir.slice", "Patient.extension[0].extension"),
    ]
