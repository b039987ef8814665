"""What a Consent in the record denies leaves no trace, nor does the Consent: over fixtures and generated records."""

import json
import tempfile
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests import golden
from tests.adapter.consent.foreign_given import ACT, RESOURCES, Json, concept, consent
from tests.small_case import BASE, PATIENT, PSYCHOTHERAPY, case, delivered, export
from tests.test_no_trace import HELD, SUBSETTED, Held, _change, _exported, _held, _label, _names, traces

BOUND = {"soft-tissue-sarcoma", "discordant-imaging-biopsy", "insurance-required"}
"""Scenarios whose basis a restriction binds: no emergency, no right of access."""
DENIED = [held for held in HELD if held.scenario in BOUND]


def _denial(held: Held, patient: str) -> Json:
    data = [{"meaning": "instance", "reference": {"reference": held.full_url}}]
    nested: Json = {"type": "deny", "data": data}
    return consent({"type": "permit", "provision": [nested]}, id="denial", patient={"reference": patient})


def test_the_scenarios_are_still_there() -> None:
    assert {held.scenario for held in DENIED} == BOUND


@pytest.mark.parametrize("held", DENIED, ids=_names)
def test_what_a_consent_denies_leaves_as_little_as_what_a_label_keeps(held: Held, tmp_path: Path) -> None:
    patient = next(h for h in _held() if h.scenario == held.scenario and h.resource["resourceType"] == "Patient")
    (tmp_path / "one").mkdir()
    place = golden.source(held.scenario, tmp_path / "one")
    _change(place, held, lambda container, resource: None)  # written anew, as the label is
    path, line = place / "fhir" / held.path, json.dumps(_denial(held, patient.full_url))
    if path.suffix == ".ndjson":
        path.write_text(f"{path.read_text('utf-8')}\n{line}\n", "utf-8")
    else:
        path.with_name("denial.json").write_text(line, "utf-8")
    golden.export(place, tmp_path / "one" / "out")
    kept_back = delivered(tmp_path / "one" / "out")
    (tmp_path / "other").mkdir()
    assert kept_back == _exported(held, tmp_path / "other", _label)
    assert traces(kept_back, {"Consent/denial", '"deny"'}) == set()


# --- generated records

WORDS = ("quetzal", "axolotl", "tapir", "okapi", "numbat", "saola")


def _observation(number: int, links: set[int]) -> Json:
    told = [{"reference": f"Observation/{WORDS[other]}-id"} for other in sorted(links)]
    return {
        "resourceType": "Observation",
        "id": f"{WORDS[number]}-id",
        "identifier": [{"system": "https://ehr.example/sid/observation", "value": f"{WORDS[number]}-4711"}],
        "status": "final",
        "code": {"text": f"{WORDS[number]} title"},
        "subject": {"reference": "Patient/p"},
    } | ({"derivedFrom": told} if told else {})


@st.composite
def records(draw: st.DrawFn) -> tuple[list[Json], set[int], list[Json]]:
    """Observations with references among them, which of them are denied, and the Consents that deny them."""
    count = draw(st.integers(2, len(WORDS)))
    numbers = st.integers(0, count - 1)
    links = {n: draw(st.sets(numbers, max_size=2)) - {n} for n in range(count)}
    denied = draw(st.sets(numbers, min_size=1, max_size=count))
    made = []
    for number in sorted(denied):
        data = [{"meaning": "instance", "reference": {"reference": f"Observation/{WORDS[number]}-id"}}]
        provision: Json = {"type": "deny", "data": data}
        shape = draw(st.sampled_from(("root", "nested", "restriction", "contained")))
        rule: Json = {}
        if shape == "nested":
            provision = {"type": "permit", "provision": [provision]}
        elif shape == "restriction":
            del provision["type"]
            rule = {
                "policyRule": concept("http://terminology.hl7.org/CodeSystem/consentpolicycodes", "hipaa-restrictions")
            }
        one = consent(provision, id=f"denial-{number}", **rule)
        if shape == "contained":
            one = {
                "resourceType": "Task",
                "id": f"task-{number}",
                "contained": [one],
                "status": "requested",
                "intent": "order",
                "for": {"reference": "Patient/p"},
                "focus": {"reference": f"#denial-{number}"},
            }
        made.append(one)
    return [_observation(n, links[n]) for n in range(count)], denied, made


def _files(resources: list[Json]) -> dict[str, Any]:
    return {"fhir/p.json": PATIENT} | {f"fhir/{one['resourceType']}-{one['id']}.json": one for one in resources}


def _leaves(value: Json, gone: set[str]) -> Json:
    """An Observation as it goes when these stay: without the references to them, and saying that it is a subset."""
    told = value.get("derivedFrom", [])
    kept = [one for one in told if one["reference"] not in gone]
    if len(kept) == len(told):
        return value
    less = {k: v for k, v in value.items() if k != "derivedFrom"} | ({"derivedFrom": kept} if kept else {})
    first = {name: less.pop(name) for name in ("resourceType", "id")}
    return first | {"meta": {"tag": [SUBSETTED]}} | less


@given(records())
@settings(max_examples=12, deadline=None, suppress_health_check=list(HealthCheck))
def test_generated_what_is_denied_might_as_well_not_be_there(made: tuple[list[Json], set[int], list[Json]]) -> None:
    everything, denied, consents = made
    words = {WORDS[number] for number in denied}
    gone = {f"Observation/{word}-id" for word in words}
    left = [_leaves(one, gone) for one in everything if f"Observation/{one['id']}" not in gone]
    with tempfile.TemporaryDirectory() as folder:
        kept_back = export(Path(folder) / "one", _files([*everything, *consents]))
        never_held = export(Path(folder) / "other", _files(left))
    assert traces(kept_back, words | {"denial-", '"deny"', "hipaa-restrictions", "Consent/", "Task/"}) == set()
    assert sorted(kept_back) == sorted(never_held)
    assert {path for path, data in kept_back.items() if data != never_held[path]} == set()


# --- what else may tell


def test_neither_gaps_nor_claims_nor_counts_tell_of_a_denied_kind(tmp_path: Path) -> None:
    report = {
        "resourceType": "DiagnosticReport",
        "id": "report",
        "status": "final",
        "code": {"coding": [{"system": "http://loinc.org", "code": "11529-5"}]},
        "subject": {"reference": "Patient/p"},
    }
    study = {
        "resourceType": "ImagingStudy",
        "id": "quetzal",
        "status": "available",
        "subject": {"reference": "Patient/p"},
        "modality": [{"system": "http://dicom.nema.org/resources/ontology/DCM", "code": "SM"}],
    }
    by_class = consent({"type": "deny", "class": [{"system": RESOURCES, "code": "ImagingStudy"}]})
    files = {"fhir/p.json": PATIENT, "fhir/report.json": report}
    kept_back = export(tmp_path / "one", files | {"fhir/study.json": study, "fhir/consent.json": by_class})
    assert kept_back == export(tmp_path / "other", files)
    assert {"index.html", "manifest.json", "bundle.json", "case.json"} <= set(kept_back)


def test_a_label_of_a_denial_does_not_show(tmp_path: Path) -> None:
    hiv = {"system": ACT, "code": "HIV"}
    seen = {"resourceType": "Observation", "id": "seen", "status": "final", "code": {"text": "seen"}}
    kept = seen | {"id": "quetzal", "meta": {"security": [hiv]}, "subject": {"reference": "Patient/p"}}
    files = {"fhir/p.json": PATIENT, "fhir/seen.json": seen | {"subject": {"reference": "Patient/p"}}}
    denial = consent({"type": "permit", "provision": [{"type": "deny", "securityLabel": [hiv]}]})
    told = case()
    kept_back = export(tmp_path / "one", files | {"fhir/kept.json": kept, "fhir/consent.json": denial}, told)
    assert kept_back == export(tmp_path / "other", files, told)
    assert traces(kept_back, {"quetzal", "HIV", f"{BASE}/Consent", PSYCHOTHERAPY["code"]}) == set()
