"""Nothing makes validation fail, and nothing of the input shows in a message."""

import pathlib
import subprocess
import sys
import time
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from adapter.validation import facts, validate_bundle, validate_resource
from adapter.validation.facts import resource_types
from mappings.fhir.wire import ExactDecimal, Json, loads
from mappings.problems import Problem, ProblemError

MARK = "Zebulon"
TYPES = sorted(resource_types())
NAMES = [
    "id", "meta", "text", "contained", "extension", "url", "valueReference", "_valueString", "identifier", "status",
    "code", "coding", "system", "subject", "reference", "type", "entry", "resource", "fullUrl", "request", "start",
    "period", "end", "value", "low", "high", "valueQuantity", "valuePeriod", "versionId", "security", "data", "hash",
    "size", "section", "content", "attachment", "component", "category", "clinicalStatus", "div", "resourceType",
]  # fmt: skip
TEXTS = [MARK, "#", "#" + MARK, "urn:uuid:" + MARK, "Patient/" + MARK, "2026", "2026-01-01", "document", "", " "]


def leaves() -> st.SearchStrategy[Any]:
    return st.one_of(
        st.none(),
        st.booleans(),
        st.integers(),
        st.floats(),
        st.decimals().map(str).filter(lambda t: t[-1:].isdigit()).map(ExactDecimal),
        st.sampled_from(TEXTS),
        st.text(),
        st.sampled_from(TYPES),
    )


def anything() -> st.SearchStrategy[Any]:
    keys = st.one_of(st.sampled_from(NAMES), st.sampled_from([MARK, "_" + MARK]), st.text())
    return st.recursive(
        leaves(), lambda inner: st.lists(inner, max_size=3) | st.dictionaries(keys, inner, max_size=5), max_leaves=25
    )


@settings(max_examples=400, deadline=None)
@given(anything())
def test_any_json_is_judged(value: Any) -> None:
    found = validate_resource(value) + validate_bundle(value)
    assert all(isinstance(p, Problem) for p in found)
    assert MARK not in str(found)


@settings(max_examples=600, deadline=None)
@given(
    st.sampled_from(["Bundle", "Observation", "Condition", "DiagnosticReport", "Patient", "Composition", "Parameters"]),
    st.dictionaries(st.sampled_from(NAMES), anything(), max_size=6),
    st.lists(anything(), max_size=2),
)
def test_any_json_inside_a_resource_is_judged(kind: str, members: Json, entries: list[Any]) -> None:
    made = {**members, "resourceType": kind, "contained": entries}
    wrapped = {
        "resourceType": "Bundle",
        "type": "collection",
        "entry": [{"fullUrl": "urn:uuid:a", "resource": made}, *entries],
    }
    found = validate_resource(made) + validate_bundle(wrapped)
    assert MARK not in str(found)


CLAIMS = sorted(url for url in facts.definitions().profiles() if "core" in url or "mcode" in url or "second" in url)


@settings(max_examples=600, deadline=None)
@given(st.sampled_from(CLAIMS), st.dictionaries(st.sampled_from(NAMES), anything(), max_size=6))
def test_any_json_that_claims_a_profile_is_judged(url: str, members: Json) -> None:
    profile = facts.definitions().profile(url)
    assert profile is not None
    made = {**members, "resourceType": profile.type, "meta": {"profile": [url]}}
    extension = {**members, "url": url}
    found = validate_resource(made) + validate_resource({"resourceType": "Patient", "extension": [extension]})
    assert MARK not in str(found)


@st.composite
def spoiled(draw: st.DrawFn) -> Json:
    """A case bundle of ours, a few of its values replaced by anything."""
    bundle: Json = loads(draw(st.sampled_from(BUNDLES)).read_bytes())
    for _ in range(draw(st.integers(1, 4))):
        holder: Any = draw(st.sampled_from(bundle["entry"]))["resource"]
        while isinstance(holder, dict | list) and holder:
            key = draw(st.sampled_from(sorted(holder) if isinstance(holder, dict) else range(len(holder))))
            if not isinstance(holder[key], dict | list) or draw(st.integers(0, 3)) == 0:
                holder[key] = draw(anything())
                break
            holder = holder[key]
    return bundle


BUNDLES = sorted((pathlib.Path(__file__).parents[3] / "fixtures" / "cases").glob("*/expected/bundle.json"))


@settings(max_examples=150, deadline=None)
@given(spoiled())
def test_a_spoiled_case_bundle_is_judged(bundle: Json) -> None:
    assert MARK not in str(validate_bundle(bundle))


@pytest.mark.parametrize("value", [None, True, 1, "x", [], [{}], {}, {"resourceType": ["Patient"]}])
def test_what_is_no_resource_is_told_so(value: Any) -> None:
    assert [p.rule for p in validate_resource(value)] in (["fhir.json"], ["fhir.resourceType"])


def test_nesting_without_end_is_refused_not_followed() -> None:
    value: Json = {"url": "http://example.org/x", "valueCode": "y"}
    for _ in range(250):
        value = {"url": "http://example.org/x", "extension": [value]}
    found = validate_resource({"resourceType": "Basic", "code": {"text": "x"}, "extension": [value]})
    assert [p.code for p in found if p.stops] == ["too-long"]


def test_a_message_never_shows_a_property_name_that_fhir_does_not_know() -> None:
    found = validate_resource({"resourceType": "Patient", MARK: MARK, f"_{MARK}": {}, "name": [{MARK: 1}]})
    assert len(found) == 3
    assert MARK not in str(found)


def test_validation_does_not_load_the_fhir_models() -> None:
    code = "import sys, adapter.validation; print([m for m in sys.modules if m.startswith(('fhir', 'pydantic'))])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_a_thousand_observations_take_seconds() -> None:
    base = "https://ehr.example/fhir/"
    entries = [
        {
            "fullUrl": f"{base}Observation/o{number}",
            "resource": {
                "resourceType": "Observation",
                "id": f"o{number}",
                "status": "final",
                "category": [{"coding": [{"system": "http://example.org", "code": "laboratory"}]}],
                "code": {"coding": [{"system": "http://loinc.org", "code": "718-7", "display": "Hemoglobin"}]},
                "subject": {"reference": "Patient/p"},
                "effectiveDateTime": "2026-01-05T10:00:00Z",
                "valueQuantity": {"value": ExactDecimal("7.20"), "system": "http://unitsofmeasure.org", "code": "g/dL"},
            },
        }
        for number in range(1000)
    ]
    started = time.perf_counter()
    found = validate_bundle({"resourceType": "Bundle", "type": "collection", "entry": entries})
    assert {(p.severity, p.code) for p in found} == {("warning", "not-found")}
    assert time.perf_counter() - started < 5


# By file: what is wrong with published examples. HL7's validator finds the same in the same files.
WRONG_EXAMPLES = {
    "fhir-r4-core": {},
    "fhir-mcode": {
        "Observation-binet-stage-group-A": {"fhir.profile-unknown"},
        "Observation-cancer-related-comorbidities-john-anyperson": {"fhir.cardinality"},
        "Practitioner-us-core-practitioner-kyle-anydoc": {"us-core-17"},
    },
    "fhir-cdex": {
        "cdex-condition-inline-example-858": {"fhir.profile-unknown"},
        "cdex-example1-authorized-completed": {"fhir.profile-unknown"},
        "cdex-example1-authorized-request": {"fhir.profile-unknown"},
        "cdex-example1-query-request": {"fhir.profile-unknown"},
        "cdex-searchbundle-scenario3-example": {"fhir.profile-unknown"},
    },
}


@pytest.mark.parametrize("folder", WRONG_EXAMPLES)
def test_published_examples_have_no_error_but_what_is_wrong(shared: pathlib.Path, folder: str) -> None:
    paths = sorted((shared / "data" / folder).glob("*.json"))
    assert paths
    errors = {p.stem: {e.rule for e in validate_resource(loads(p.read_bytes())) if e.stops} for p in paths}
    assert {name: found for name, found in errors.items() if found} == WRONG_EXAMPLES[folder]


def test_generated_patients_have_only_the_errors_of_their_generator(shared: pathlib.Path) -> None:
    """Synthea's own extensions are defined nowhere, and some of its race codes and units are none."""
    paths = sorted((shared / "data" / "synthea-r4").glob("*.json"))
    found = {e.rule for p in paths for e in validate_resource(loads(p.read_bytes())) if e.stops}
    assert found == {"fhir.extension-unknown", "fhir.binding", "fhir.code"}


CAUGHT = {
    "r5__unicode-problem": ["fhir.primitive.string"],
    "validator__attachment-with-wrong-size": ["fhir.attachment.size"],
    "validator__bundle-bad-empty": ["fhir.json"],
    "validator__bundle-document-versioned-references-bad": ["fhir.reference"],
    "validator__contained-canonical-bad": ["dom-3"],
    "validator__dr-bad-att-hash": [
        "fhir.attachment.hash",
        "fhir.element",
        "fhir.extension-unknown",
        "fhir.primitive.code",
        "fhir.primitive.unsignedInt",
    ],
    "validator__list-contained-bad": ["dom-3", "ref-1"],
    "validator__list-wrong-code": ["fhir.binding"],
    "validator__list-xhtml-xxe": ["txt-1"],
    "validator__obs-temp-bad": ["fhir.profile-unknown"],
    "validator__observation-xver-bad": ["fhir.extension-unknown", "fhir.json"],
    "validator__patient-id-bad-1": ["fhir.primitive.id"],
    "validator__patient-id-bad-3": ["fhir.primitive.id"],
    "validator__q-enablewhen-me-wrong": ["que-12"],
    "validator__res-inv-example-bad": ["fhir.extension-unknown"],
    "validator__resolution__relative-url-invalid": ["fhir.profile-unknown"],
    "validator__resource-invalid-id-1": ["fhir.primitive.id"],
    "validator__resource-invalid-id-3": ["fhir.primitive.id"],
    "validator__unicode-problem": ["fhir.primitive.string"],
    "validator__xml-bad-entities": ["txt-1"],
}


def rules(path: pathlib.Path) -> list[str]:
    try:
        return sorted({p.rule for p in validate_resource(loads(path.read_bytes())) if p.stops})
    except ProblemError:
        return ["not JSON"]


def test_bad_files_are_caught_for_the_right_reason(shared: pathlib.Path) -> None:
    found = {path.stem: rules(path) for path in sorted((shared / "data" / "bad-fhir").glob("*.json"))}
    caught = {name: broken for name, broken in found.items() if broken and broken != ["not JSON"]}
    assert caught == CAUGHT
