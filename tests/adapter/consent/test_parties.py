"""Who is who in a case, as the provisions of a Consent may name them; what is known of an item, for the same end."""

from typing import Any

import pytest

from adapter.consent.facts import Material
from adapter.consent.foreign_parties import Party, Thing
from adapter.consent.foreign_things import native_parties, parties_of, plain_name, things_of
from adapter.holding import Loaded
from adapter.sources.case_file import load_case
from mappings.identity import DEFAULT_NAMESPACE
from tests.small_case import BASE, PATIENT, REPORT, case, write

NPI = "http://hl7.org/fhir/sid/us-npi"
MRN = "https://ehr.example/sid/mrn"
FILES: dict[str, Any] = {
    "fhir/p.json": PATIENT,
    "fhir/report.json": REPORT
    | {
        "identifier": [{"system": MRN, "value": "R-1"}, {"value": "loose"}],
        "category": [{"coding": [{"system": "urn:c", "code": "LAB"}, {"code": "loose"}]}],
        "effectiveDateTime": "2026-02-19",
        "issued": "2026-02-20T10:00:00-05:00",
    },
    "fhir/center.json": {
        "resourceType": "Organization",
        "id": "center",
        "name": " Review  CENTER ",
        "identifier": [{"system": NPI, "value": "1000000001"}],
    },
    "fhir/doctor.json": {
        "resourceType": "Practitioner",
        "id": "doctor",
        "name": [{"given": ["Ada", "B."], "family": "Reviewer"}, {"text": "Dr. A. Reviewer"}, {"use": "old"}],
        "identifier": [{"system": NPI, "value": "1000000003"}],
    },
    "fhir/role.json": {
        "resourceType": "PractitionerRole",
        "id": "role",
        "identifier": [{"system": "urn:roles", "value": "9"}],
        "practitioner": {"reference": "Practitioner/doctor"},
        "organization": {"reference": "Organization/center"},
    },
    "fhir/desk.json": {
        "resourceType": "PractitionerRole",
        "id": "desk",
        "organization": {"reference": "Organization/center"},
    },
    "fhir/nobody.json": {"resourceType": "PractitionerRole", "id": "nobody", "practitioner": {"display": "X"}},
    "fhir/daughter.json": {
        "resourceType": "RelatedPerson",
        "id": "daughter",
        "patient": {"reference": "Patient/p"},
        "name": [{"family": "Testdaughter"}],
    },
}
PEOPLE: dict[str, list[Any]] = {
    "organizations": [
        {"id": "org-a", "name": "Alpha  Clinic (synthetic)", "identifiers": [{"system": NPI, "value": "11"}]},
        {"id": "org-b", "name": "Beta Clinic (synthetic)"},
    ],
    "practitioners": [
        {
            "id": "prac-a",
            "names": [{"family": "Testdoctor", "given": ["Ann"]}],
            "identifiers": [{"system": NPI, "value": "12"}],
        }
    ],
    "roles": [{"id": "role-a", "practitioner": "prac-a", "organization": "org-a"}],
    "related_persons": [
        {"id": "kin-a", "names": [{"family": "Testkin"}], "relationship": "other"},
    ],
}


@pytest.fixture
def loaded(tmp_path: Any) -> Loaded:
    return load_case(write(tmp_path / "case", FILES, case()), DEFAULT_NAMESPACE)


def url(name: str) -> str:
    return f"{BASE}/{name}"


def test_who_came_as_fhir(loaded: Loaded) -> None:
    found = parties_of(loaded)
    center = Party(
        urls=frozenset([url("Organization/center")]),
        numbers=frozenset([(NPI, "1000000001")]),
        names=frozenset(["review center"]),
    )
    doctor = Party(
        urls=frozenset([url("Practitioner/doctor")]),
        numbers=frozenset([(NPI, "1000000003")]),
        names=frozenset(["ada b. reviewer", "dr. a. reviewer"]),
        person=True,
    )
    assert found[url("Organization/center")] == center
    assert found[url("Practitioner/doctor")] == doctor
    patient = found[url("Patient/p")]
    assert (patient.patient, patient.person, patient.signs) == (True, True, False)
    daughter = found[url("RelatedPerson/daughter")]
    assert (daughter.patient, daughter.person, daughter.signs) == (False, True, True)
    assert daughter.names == {"testdaughter"}


def test_a_role_is_who_has_it_or_else_where(loaded: Loaded) -> None:
    found = parties_of(loaded)
    role = found[url("PractitionerRole/role")]
    assert role.urls == {url("PractitionerRole/role"), url("Practitioner/doctor")}
    assert role.numbers == {("urn:roles", "9"), (NPI, "1000000003")}
    assert (role.person, role.names) == (True, frozenset(["ada b. reviewer", "dr. a. reviewer"]))
    desk = found[url("PractitionerRole/desk")]
    assert desk.urls == {url("PractitionerRole/desk"), url("Organization/center")}
    assert desk.person is False
    assert found[url("PractitionerRole/nobody")] == Party(urls=frozenset([url("PractitionerRole/nobody")]), person=True)


def test_what_is_known_of_an_item_that_came_as_fhir(loaded: Loaded) -> None:
    name = url("DiagnosticReport/report")
    [thing] = things_of(loaded, [Material(id=name, kind="pathology_report", data_class="hiv")], {})
    assert (thing.id, thing.type, thing.opaque) == (name, "DiagnosticReport", False)
    assert thing.urls == {name}
    assert thing.numbers == {(MRN, "R-1")}
    assert ("urn:c", "LAB") in thing.codes
    assert {system for system, _ in thing.codes} >= {"urn:c"}
    assert "loose" not in {code for _, code in thing.codes}
    assert thing.dates == ("2026-02-19", "2026-02-20T10:00:00-05:00")
    assert thing.classes == {"hiv"}


def test_sensitive_kinds_are_classes_of_data_and_glass_is_what_the_slide_is(loaded: Loaded) -> None:
    asked = [
        Material(id="a#physical", kind="sud_program_record"),
        Material(id="b", kind="psychotherapy_notes"),
    ]
    glass, notes = things_of(loaded, asked, {"a": frozenset(["a", "a2"])})
    assert (glass.id, glass.urls, glass.classes) == ("a#physical", frozenset(["a", "a2"]), frozenset(["sud"]))
    assert (notes.urls, notes.classes) == (frozenset(["b"]), frozenset(["mental_health"]))
    assert (glass.opaque, notes.opaque, glass.type) == (True, True, None)


def test_what_is_known_of_an_item_of_the_case_itself(loaded: Loaded) -> None:
    [request] = things_of(loaded, [Material(id=loaded.case.request.id, kind="clinical_record")], {})
    assert (request.type, request.opaque) == ("ServiceRequest", False)
    assert isinstance(request, Thing)


def test_who_is_who_in_the_case_itself(tmp_path: Any) -> None:
    made = case()
    people = {name: [*made.get(name, []), *rows] for name, rows in PEOPLE.items()}
    told = load_case(write(tmp_path / "case", {"fhir/p.json": PATIENT}, case(**people)), DEFAULT_NAMESPACE).case
    alpha = Party(
        urls=frozenset(["org-a"]), numbers=frozenset([(NPI, "11")]), names=frozenset(["alpha clinic (synthetic)"])
    )
    ann = Party(
        urls=frozenset(["prac-a"]), numbers=frozenset([(NPI, "12")]), names=frozenset(["ann testdoctor"]), person=True
    )
    assert native_parties(told, "org-a") == (alpha,)
    assert native_parties(told, "org-b") == (
        Party(urls=frozenset(["org-b"]), names=frozenset(["beta clinic (synthetic)"])),
    )
    assert native_parties(told, "prac-a") == (ann,)
    assert native_parties(told, "role-a") == (ann, alpha)
    assert native_parties(told, "kin-a") == (
        Party(urls=frozenset(["kin-a"]), names=frozenset(["testkin"]), person=True),
    )
    [patient] = native_parties(told, "patient")
    assert (patient.urls, patient.patient, patient.person) == (frozenset(["patient"]), True, True)
    assert patient.numbers == {(n.system, n.value) for n in told.patient.identifiers}
    assert patient.numbers
    assert native_parties(told, "nobody") == ()
    assert native_parties(told, None) == ()


def test_a_name_is_compared_without_case_and_spacing() -> None:
    assert plain_name("  Review \t CENTER ") == "review center"
