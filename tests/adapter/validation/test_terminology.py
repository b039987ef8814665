"""Which codes a value set holds, from resources small enough to see it, and from the facts as they are."""

from typing import Any

import msgspec
import pytest

from adapter.validation import facts
from adapter.validation.terminology import Terminology, ValueSet, exists
from adapter.validation.terminology_compiler import compile_terminology

Node = dict[str, Any]
HUES = "http://example.org/hues"
SET = "http://example.org/set"
SNOMED = "http://snomed.info/sct"


def concept(code: str, *below: Node, **properties: Any) -> Node:
    said = [{"code": name, "valueCode": value} for name, value in properties.items()]
    return {"code": code, **({"property": said} if said else {}), **({"concept": list(below)} if below else {})}


def code_system(url: str = HUES, content: str = "complete", *concepts: Node, **more: Any) -> Node:
    given = list(concepts) or [
        concept("warm", concept("red", concept("pink")), concept("orange")),
        concept("cold", concept("blue", shade="dark"), concept("green", shade="light")),
        concept("violet", subsumedBy="warm"),
    ]
    return {
        "resourceType": "CodeSystem",
        "url": url,
        "content": content,
        "caseSensitive": True,
        "concept": given,
        **more,
    }


def value_set(*include: Node, url: str = SET, exclude: list[Node] | None = None) -> Node:
    compose = {"include": list(include), **({"exclude": exclude} if exclude else {})}
    return {"resourceType": "ValueSet", "url": url, "compose": compose}


def read(*resources: Node, base: Terminology | None = None) -> Terminology:
    return Terminology(msgspec.json.encode(compile_terminology(resources, base)), base)


def made(*resources: Node, base: Terminology | None = None) -> ValueSet:
    found = read(*resources, base=base).value_set(SET)
    assert found is not None
    return found


def filtered(name: str, op: str, value: str) -> ValueSet:
    rule = {"property": name, "op": op, "value": value}
    return made(code_system(), value_set({"system": HUES, "filter": [rule]}))


def inside(known: ValueSet, system: str = HUES) -> set[str]:
    codes = ["warm", "red", "pink", "orange", "cold", "blue", "green", "violet"]
    return {code for code in codes if known.verdict(system, code)}


def test_a_whole_system_holds_each_of_its_codes_and_no_other() -> None:
    known = made(code_system(), value_set({"system": HUES}))
    assert known.verdict(HUES, "pink") is True
    assert known.verdict(HUES, "beige") is False
    assert known.verdict("http://example.org/other", "pink") is False


def test_an_element_that_holds_the_code_alone_takes_that_of_any_system() -> None:
    other = code_system("http://example.org/other", "complete", concept("grey"))
    known = made(code_system(), other, value_set({"system": HUES}, {"system": "http://example.org/other"}))
    assert known.verdict(None, "grey") is True
    assert known.verdict(None, "pink") is True
    assert known.verdict(None, "beige") is False
    assert known.verdict(HUES, "grey") is False


@pytest.mark.parametrize(
    ("name", "op", "value", "codes"),
    [
        ("concept", "is-a", "warm", {"warm", "red", "pink", "orange", "violet"}),
        ("concept", "is-a", "red", {"red", "pink"}),
        ("concept", "is-a", "beige", set()),
        ("concept", "descendent-of", "warm", {"red", "pink", "orange", "violet"}),
        ("concept", "is-not-a", "warm", {"cold", "blue", "green"}),
        ("concept", "in", "red, blue", {"red", "blue"}),
        ("concept", "=", "red", {"red"}),
        ("code", "regex", "[a-p]+k", {"pink"}),
        ("code", "regex", ".*e", {"orange", "blue"}),
        ("code", "not-in", "red,pink,orange,violet", {"warm", "cold", "blue", "green"}),
        ("shade", "=", "dark", {"blue"}),
        ("shade", "in", "dark,light", {"blue", "green"}),
        ("shade", "exists", "true", {"blue", "green"}),
    ],
)  # fmt: skip
def test_a_filter_is_evaluated_where_the_concepts_are_known(name: str, op: str, value: str, codes: set[str]) -> None:
    known = filtered(name, op, value)
    assert inside(known) == codes
    assert known.verdict(HUES, "beige") is False


@pytest.mark.parametrize(("name", "op"), [("concept", "generalizes"), ("weight", "="), ("shade", "regex")])
def test_a_filter_that_cannot_be_evaluated_decides_nothing(name: str, op: str) -> None:
    known = filtered(name, op, "x")
    assert known.verdict(HUES, "pink") is None
    assert known.verdict("http://example.org/other", "pink") is False


def test_the_filters_of_one_include_must_all_hold() -> None:
    rules = [
        {"property": "concept", "op": "is-a", "value": "warm"},
        {"property": "code", "op": "regex", "value": ".*e.*"},
    ]
    assert inside(made(code_system(), value_set({"system": HUES, "filter": rules}))) == {"red", "orange", "violet"}


def test_a_child_may_be_named_by_its_parent_or_name_it() -> None:
    system = code_system(HUES, "complete", concept("warm", child="red"), concept("red"), concept("pink", parent="red"))
    rule = {"property": "concept", "op": "is-a", "value": "warm"}
    assert inside(made(system, value_set({"system": HUES, "filter": [rule]}))) == {"warm", "red", "pink"}


def test_codes_below_themselves_are_not_followed_for_ever() -> None:
    system = code_system(HUES, "complete", concept("warm", parent="red"), concept("red", parent="warm"))
    rule = {"property": "concept", "op": "is-a", "value": "warm"}
    assert inside(made(system, value_set({"system": HUES, "filter": [rule]}))) == {"warm", "red"}


def test_listed_codes_of_a_system_nobody_ships_are_known_and_its_filters_are_not() -> None:
    rule = {"property": "concept", "op": "is-a", "value": "404684003"}
    listed = {"system": SNOMED, "concept": [{"code": "55561003"}]}
    both = made(code_system(), value_set(listed, {"system": SNOMED, "filter": [rule]}, {"system": HUES}))
    assert both.verdict(SNOMED, "55561003") is True
    assert both.verdict(SNOMED, "1") is None
    assert both.verdict(HUES, "beige") is False
    assert both.verdict(None, "beige") is None
    alone = made(value_set(listed))
    assert alone.verdict(SNOMED, "1") is False
    assert alone.verdict(None, "1") is False


@pytest.mark.parametrize("content", ["fragment", "not-present", "supplement"])
def test_a_system_of_which_not_all_codes_are_known_refuses_none(content: str) -> None:
    known = made(code_system(HUES, content), value_set({"system": HUES}))
    assert known.verdict(HUES, "beige") is None
    assert known.verdict(HUES, "pink") is (True if content == "fragment" else None)


def test_an_example_system_that_lists_codes_is_judged_by_them_as_hl7_s_engine_does() -> None:
    assert made(code_system(HUES, "example"), value_set({"system": HUES})).verdict(HUES, "beige") is False


def test_what_is_excluded_is_out_even_of_what_nobody_can_list() -> None:
    out = [{"system": HUES, "concept": [{"code": "pink"}]}, {"system": SNOMED, "concept": [{"code": "1"}]}]
    known = made(code_system(), value_set({"system": HUES}, {"system": SNOMED}, exclude=out))
    assert known.verdict(HUES, "red") is True
    assert known.verdict(HUES, "pink") is False
    assert known.verdict(HUES, "beige") is False
    assert known.verdict(SNOMED, "1") is False
    assert known.verdict(SNOMED, "2") is None


def test_value_sets_named_in_one_include_are_intersected_and_several_includes_united() -> None:
    warm = value_set({"system": HUES, "concept": [{"code": "red"}, {"code": "pink"}]}, url="http://example.org/warm")
    light = value_set({"system": HUES, "concept": [{"code": "pink"}, {"code": "blue"}]}, url="http://example.org/light")
    named = [warm["url"], light["url"] + "|1.0"]
    assert inside(made(code_system(), warm, light, value_set({"valueSet": named}))) == {"pink"}
    apart = value_set({"valueSet": named[:1]}, {"valueSet": named[1:]})
    assert inside(made(code_system(), warm, light, apart)) == {"red", "pink", "blue"}
    within = value_set({"system": HUES, "valueSet": named[:1]})
    assert inside(made(code_system(), warm, light, within)) == {"red", "pink"}


def test_an_import_that_is_not_at_hand_leaves_all_but_the_listed_open() -> None:
    absent = {"valueSet": ["http://example.org/absent"]}
    known = made(value_set({"system": HUES, "concept": [{"code": "red"}]}, absent))
    assert known.verdict(HUES, "red") is True
    assert known.verdict(HUES, "pink") is None
    assert known.verdict(SNOMED, "1") is None
    assert known.verdict(None, "1") is None


def test_a_value_set_that_imports_itself_is_left_open() -> None:
    assert made(value_set({"valueSet": [SET]})).verdict(HUES, "red") is None


def test_a_value_set_with_nothing_but_an_expansion_is_that_expansion() -> None:
    contains = [{"system": HUES, "code": "warm", "abstract": True, "contains": [{"system": HUES, "code": "red"}]}]
    known = made({"resourceType": "ValueSet", "url": SET, "expansion": {"contains": contains}})
    assert inside(known) == {"red"}
    assert made({"resourceType": "ValueSet", "url": SET}).verdict(HUES, "red") is None


def test_case_matters_only_where_a_system_says_so() -> None:
    strict, loose = code_system(), code_system(caseSensitive=False)
    silent = {key: item for key, item in code_system().items() if key != "caseSensitive"}
    whole, listed = {"system": HUES}, {"system": HUES, "concept": [{"code": "red"}]}
    assert made(strict, value_set(whole)).verdict(HUES, "RED") is False
    assert made(loose, value_set(whole)).verdict(HUES, "RED") is True
    assert made(silent, value_set(whole)).verdict(HUES, "RED") is True
    assert made(loose, value_set(listed)).verdict(HUES, "Red") is True
    assert made(loose, value_set(listed)).verdict(HUES, "PINK") is False
    assert made(strict, value_set(listed)).verdict(HUES, "Red") is False


def test_of_two_with_one_canonical_the_first_wins() -> None:
    newer = code_system(HUES, "complete", concept("teal"))
    known = made(newer, code_system(), value_set({"system": HUES}))
    assert known.verdict(HUES, "teal") is True
    assert known.verdict(HUES, "red") is False


def test_codes_with_blanks_stay_whole() -> None:
    known = read(code_system(HUES, "complete", concept("E1 ... E9"), concept("E1")), value_set({"system": HUES}))
    found = known.code_system(HUES)
    assert found is not None
    assert found.codes == {"E1 ... E9", "E1"}


def test_a_tree_is_kept_for_what_is_compiled_later() -> None:
    base = read(code_system())
    rule = {"property": "concept", "op": "is-a", "value": "warm"}
    later = made(value_set({"system": HUES, "filter": [rule]}), base=base)
    assert inside(later) == {"warm", "red", "pink", "orange", "violet"}
    shade = made(value_set({"system": HUES, "filter": [{"property": "shade", "op": "=", "value": "dark"}]}), base=base)
    assert shade.verdict(HUES, "blue") is None


def test_a_later_layer_imports_from_the_one_below_and_stands_over_it() -> None:
    base = read(code_system(), value_set({"system": HUES}, url="http://example.org/all"))
    later = read(value_set({"valueSet": ["http://example.org/all"]}), base=base)
    known, below = later.value_set(SET), later.value_set("http://example.org/all|2.0")
    assert known is not None
    assert below is not None
    assert inside(known) == inside(below) == {"warm", "red", "pink", "orange", "cold", "blue", "green", "violet"}
    over = read(code_system(HUES, "complete", concept("teal")), base=base).code_system(HUES)
    assert over is not None
    assert over.codes == {"teal"}


def test_only_the_value_sets_wanted_are_written_and_none_of_thousands() -> None:
    long = value_set({"system": SNOMED, "concept": [{"code": str(n)} for n in range(2001)]}, url="http://example.org/l")
    resources = [code_system(), value_set({"system": HUES}), long]
    assert list(compile_terminology(resources, longest=2000)["valueSets"]) == [SET]
    assert compile_terminology(resources, wanted=[])["valueSets"] == {}


def test_nothing_but_codes_is_written() -> None:
    system = code_system(HUES, "complete", {"code": "red", "display": "Prose", "definition": "Prose"}, title="Prose")
    compiled = compile_terminology([system, value_set({"system": HUES}), {"resourceType": "Patient"}, {}])
    assert compiled == {"codeSystems": {HUES: "red"}, "valueSets": {SET: {HUES: True}}}


def test_a_short_set_whose_codes_are_all_known_is_listed_for_messages() -> None:
    assert made(value_set({"system": HUES, "concept": [{"code": "b"}, {"code": "a"}]})).listing == "b | a"
    assert made(code_system(), value_set({"system": HUES})).listing.startswith("warm | red | pink")
    assert made(value_set({"system": SNOMED})).listing == ""
    many = [concept(f"c{n}") for n in range(21)]
    assert made(code_system(HUES, "complete", *many), value_set({"system": HUES})).listing == ""


def test_what_is_asked_for_and_not_there_is_nothing() -> None:
    known = read(code_system())
    assert known.value_set(SET) is None
    assert known.code_system("http://example.org/other") is None
    assert known.code_system(HUES + "|3.0") is not None


# The facts as they are: what HL7's engine says of the same codes.
ACT = "http://terminology.hl7.org/CodeSystem/v3-ActCode"


@pytest.mark.parametrize(
    ("system", "code", "verdict"),
    [
        ("http://hl7.org/fhir/administrative-gender", "male", True),
        ("http://hl7.org/fhir/administrative-gender", "Male", False),
        ("http://terminology.hl7.org/CodeSystem/v2-0203", "MR", True),
        ("http://terminology.hl7.org/CodeSystem/v2-0203", "MRN", False),
        # only in HL7 terminology, not in the copy inside R4; and the other way round
        ("http://terminology.hl7.org/CodeSystem/condition-clinical", "unknown", True),
        ("http://terminology.hl7.org/CodeSystem/adverse-event-category", "product-problem", False),
        (ACT, "42CFRPart2", True),
        (ACT, "NONSENSE", False),
        ("http://dicom.nema.org/resources/ontology/DCM", "SM", True),
        ("http://dicom.nema.org/resources/ontology/DCM", "ZZZ", False),
        ("urn:oid:2.16.840.1.113883.6.238", "2106-3", True),
        ("urn:oid:2.16.840.1.113883.6.238", "9999-9", None),
        ("http://terminology.hl7.org/CodeSystem/service-type", "99999", False),
        ("http://terminology.hl7.org/CodeSystem/v2-0136", "y", True),
        ("http://unitsofmeasure.org", "mg/dL", True),
        ("http://unitsofmeasure.org", "mg per dL", False),
        ("urn:iso:std:iso:3166", "US", True),
        ("urn:iso:std:iso:3166", "ZZ1", False),
        ("http://loinc.org", "8480-6", None),
        ("http://snomed.info/sct", "12345", None),
        ("http://hl7.org/fhir/sid/icd-10-cm", "C50.911", None),
        ("http://hl7.org/fhir/administrative-gender|4.0.1", "male", None),
        ("http://example.org/fhir/does-not-exist", "x", None),
    ],
)  # fmt: skip
def test_whether_a_code_exists(system: str, code: str, verdict: bool | None) -> None:
    assert exists(system, code, facts.definitions()) is verdict


@pytest.mark.parametrize(
    ("name", "system", "code", "verdict"),
    [
        ("http://hl7.org/fhir/ValueSet/consent-category", ACT, "INFA", True),
        ("http://terminology.hl7.org/ValueSet/v3-ActEncounterCode", ACT, "IMP", True),
        ("http://terminology.hl7.org/ValueSet/v3-ActEncounterCode", ACT, "NONSENSE", False),
        ("http://hl7.org/fhir/ValueSet/observation-codes", "http://loinc.org", "8480-6", None),
        ("http://hl7.org/fhir/ValueSet/observation-codes", ACT, "AMB", False),
        ("http://hl7.org/fhir/us/core/ValueSet/omb-race-category", "urn:oid:2.16.840.1.113883.6.238", "2106-3", True),
        ("http://hl7.org/fhir/us/core/ValueSet/omb-race-category", "urn:oid:2.16.840.1.113883.6.238", "1004-1", False),
        ("http://hl7.org/fhir/ValueSet/all-languages", "urn:ietf:bcp:47", "sw-KE", True),
        ("http://hl7.org/fhir/ValueSet/all-languages", "urn:ietf:bcp:47", "english", False),
        ("http://hl7.org/fhir/ValueSet/currencies", None, "EUR", True),
        ("http://hl7.org/fhir/ValueSet/currencies", None, "EURO", False),
    ],
)  # fmt: skip
def test_whether_a_value_set_holds_a_code(name: str, system: str | None, code: str, verdict: bool | None) -> None:
    known = facts.definitions().value_set(name)
    assert known is not None
    assert known.verdict(system, code) is verdict
