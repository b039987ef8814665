"""Whose a resource is: one word about somebody who is not here, and it is nobody's of the case."""

from pathlib import Path
from typing import Any

import pytest

from adapter.holding import Ownership
from adapter.sources.case_file import load_case
from adapter.sources.persons import contradicted, ownership, patient_identity
from mappings.domain.party import KnownAs, Patient
from mappings.domain.person import contradicts, differing, same_identity, same_person
from mappings.domain.values import Identifier, PartialDate, PersonName
from mappings.fhir.carried import Carried
from mappings.identity import DEFAULT_NAMESPACE
from mappings.problems import ProblemError
from tests import small_case

BASE = "https://ehr.example/r4"
MRN = "https://ehr.example/sid/mrn"
OURS = {"reference": "Patient/p"}
OTHER = {"reference": "Patient/elsewhere"}
P = frozenset({f"{BASE}/Patient/p"})


def carried(kind: str, name: str = "x", **members: Any) -> Carried:
    resource = {"resourceType": kind, "id": name, **members}
    return Carried(unit=name, base=BASE, full_url=f"{BASE}/{kind}/{name}", resource=resource)


def owned(*items: Carried) -> Ownership:
    return ownership((carried("Patient", "p"), *items), {})


FOREIGN = {
    "subject-other": carried("Flag", subject=OTHER, patient=OURS),
    "patient-other": carried("Flag", subject=OURS, patient=OTHER),
    "number-beside-ours": carried("Flag", subject={"identifier": {"system": MRN, "value": "2"}}, patient=OURS),
    "urn": carried("Flag", subject={"reference": "urn:uuid:6f6d0000-0000-4000-8000-00000000abcd"}, patient=OURS),
    "group": carried("Group", member=[{"entity": OURS}, {"entity": OTHER}]),
    "appointment": carried("Appointment", participant=[{"actor": OURS}, {"actor": OTHER}]),
    "person": carried("Person", link=[{"target": OURS}, {"target": OTHER}]),
    "contained-patient": carried(
        "Flag", contained=[{"resourceType": "Patient", "id": "c"}], subject={"reference": "#c"}, patient=OURS
    ),
    "inside": carried(
        "DiagnosticReport", subject=OURS, contained=[{"resourceType": "Observation", "id": "c", "subject": OTHER}]
    ),
    "inside-without-subject": carried(
        "DiagnosticReport",
        result=[OURS],
        contained=[{"resourceType": "Observation", "id": "c", "subject": OTHER}],
    ),
    "performer-only": carried("Observation", performer=[OURS]),
    "author-of-provenance": carried("Provenance", target=[{"reference": "Observation/y"}], agent=[{"who": OURS}]),
    "provenance-of-both": carried("Provenance", target=[OURS, OTHER]),
    "relative": carried("RelatedPerson", patient=OTHER),
    "coverage": carried("Coverage", beneficiary=OTHER),
    "implant": carried("Device", patient=OTHER),
    "guarded-bytes": carried("Binary", securityContext=OTHER),
}


@pytest.mark.parametrize("form", FOREIGN)
def test_one_word_about_somebody_else_makes_the_owner_unknown(form: str) -> None:
    item = FOREIGN[form]
    assert owned(item).of[item.full_url] == "unknown"


OWN = {
    "subject": carried("Flag", subject=OURS),
    "group": carried("Group", member=[{"entity": OURS}]),
    "appointment": carried("Appointment", participant=[{"actor": OURS}, {"actor": {"reference": "Practitioner/d"}}]),
    "provenance": carried("Provenance", target=[OURS], agent=[{"who": {"reference": "Practitioner/d"}}]),
    "implant": carried("Device", patient=OURS),
    "inside": carried(
        "DiagnosticReport", subject=OURS, contained=[{"resourceType": "Observation", "id": "c", "subject": OURS}]
    ),
}


@pytest.mark.parametrize("form", OWN)
def test_what_names_only_the_patient_is_the_patients(form: str) -> None:
    item = OWN[form]
    assert owned(item).of[item.full_url] == P


def test_a_subject_that_is_a_group_leads_to_its_members() -> None:
    own, mixed = (
        carried("Group", "own", member=[{"entity": OURS}]),
        carried("Group", "mixed", member=[{"entity": OTHER}]),
    )
    one = carried("Flag", "one", subject={"reference": "Group/own"})
    two = carried("Flag", "two", subject={"reference": "Group/mixed"}, patient=OURS)
    of = owned(two, one, own, mixed).of
    assert (of[one.full_url], of[two.full_url]) == (P, "unknown")


def test_what_has_no_subject_is_led_by_what_it_stands_on_in_any_order() -> None:
    encounter = carried("Encounter", subject=OURS)
    vital = carried("Observation", "a", encounter={"reference": "Encounter/x"})
    origin = carried("Provenance", "z", target=[{"reference": "Observation/a"}])
    assert {owned(origin, vital, encounter).of[item.full_url] for item in (origin, vital)} == {P}


def test_what_holds_another_persons_thing_is_not_led_anywhere() -> None:
    encounter = carried("Encounter", subject=OURS)
    inner = {"resourceType": "Observation", "id": "c", "subject": OTHER}
    report = carried("DiagnosticReport", encounter={"reference": "Encounter/x"}, contained=[inner])
    origin = carried("Provenance", target=[{"reference": "Encounter/x"}, {"reference": "DiagnosticReport/x"}])
    of = owned(origin, report, encounter).of
    assert (of[report.full_url], of[origin.full_url]) == ("unknown", "unknown")


def test_bytes_follow_what_guards_them() -> None:
    report, away = carried("DiagnosticReport", subject=OURS), carried("DiagnosticReport", "away", subject=OTHER)
    own = carried("Binary", "own", securityContext={"reference": "DiagnosticReport/x"})
    theirs = carried("Binary", "theirs", securityContext={"reference": "DiagnosticReport/away"})
    of = owned(own, theirs, report, away).of
    assert (of[own.full_url], of[theirs.full_url]) == ("nobody", "unknown")


PATIENT = Patient(
    identifiers=(Identifier(system=MRN, value="1"),),
    names=(PersonName(family="Testperson", given=("Mirabel",)),),
    birth_date=PartialDate("1958-07-19"),
)
FREMDLING = {"resourceType": "Patient", "id": "c", "name": [{"family": "Fremdling", "given": ["Oskar"]}]}
CONTRADICTED = {
    "number": (carried("Flag", subject={"identifier": {"system": MRN, "value": "2"}}), True),
    "own-number": (carried("Flag", subject={"identifier": {"system": MRN, "value": "1"}}), False),
    "another-issuer": (carried("Flag", subject={"identifier": {"system": "https://x.example", "value": "2"}}), False),
    "contained": (carried("Flag", contained=[FREMDLING], subject={"reference": "#c"}), True),
    "contained-born": (
        carried(
            "Flag",
            contained=[{"resourceType": "Patient", "id": "c", "birthDate": "1931"}],
            subject={"reference": "#c"},
        ),
        True,
    ),
    "contained-own-name": (
        carried(
            "Flag",
            contained=[{**FREMDLING, "name": [{"family": "Testperson", "given": ["Mirabel"]}]}],
            subject={"reference": "#c"},
        ),
        False,
    ),
    "not-here": (carried("Flag", subject=OTHER), False),
    "not-stated": (carried("Flag"), False),
}


@pytest.mark.parametrize("form", CONTRADICTED)
def test_no_line_vouches_for_what_states_somebody_else(form: str) -> None:
    item, expected = CONTRADICTED[form]
    assert contradicted(item, PATIENT) is expected


def test_what_the_case_says_the_patient_is_known_as_contradicts_nothing() -> None:
    known = KnownAs(identifiers=(Identifier(system=MRN, value="2"),), names=(PersonName(text="Oskar Fremdling"),))
    patient = Patient(identifiers=PATIENT.identifiers, names=PATIENT.names, known_as=(known,))
    assert not contradicted(CONTRADICTED["number"][0], patient)
    assert not contradicted(CONTRADICTED["contained"][0], patient)


@pytest.mark.parametrize("value", [5, "x", {"value": "x"}, [5]])
def test_an_identifier_that_is_no_list_names_nobody(value: object) -> None:
    assert patient_identity({"resourceType": "Patient", "identifier": value}).identifiers == ()


UNREADABLE: dict[str, tuple[dict[str, Any], tuple[str, ...]]] = {
    "birth-date-repeated": ({"birthDate": ["1958-07-19", "1999-01-01"]}, ("birth date",)),
    "birth-date-in-a-list": ({"birthDate": ["1958-07-19"]}, ("birth date",)),
    "birth-date-a-number": ({"birthDate": 1958}, ("birth date",)),
    "birth-date-no-date": ({"birthDate": "1958-19-07"}, ("birth date",)),
    "family-repeated": ({"name": [{"family": ["Roe", "Other"]}]}, ("name",)),
    "name-in-no-list": ({"name": {"family": "Roe"}}, ("name",)),
    "name-a-text": ({"name": ["Ana Roe"]}, ("name",)),
    "identifier-in-no-list": ({"identifier": {"system": MRN, "value": "1"}}, ("number",)),
    "number-repeated": ({"identifier": [{"system": MRN, "value": ["1", "2"]}]}, ("number",)),
    "both": ({"birthDate": [], "name": [{"given": "Ana"}]}, ("name", "birth date")),
}


@pytest.mark.parametrize("shape", UNREADABLE)
def test_what_is_there_and_cannot_be_read_is_a_contradiction(shape: str) -> None:
    change, parts = UNREADABLE[shape]
    patient = Patient(
        identifiers=(Identifier(system=MRN, value="1"),),
        names=(PersonName(family="Roe", given=("Ana",)),),
        birth_date=PartialDate("1958-07-19"),
    )
    told = {
        "resourceType": "Patient",
        "identifier": [{"system": MRN, "value": "1"}],
        "name": [{"family": "Roe", "given": ["Ana"]}],
        "birthDate": "1958-07-19",
    }
    assert same_person(patient, patient_identity(told))
    seen = patient_identity(told | change)
    assert not same_person(patient, seen)
    assert contradicts(patient, seen)
    assert not same_identity(seen, seen)
    assert differing(patient, seen) == tuple(f"unreadable {part}" for part in parts)


def test_a_case_whose_patient_has_two_birth_dates_is_refused(tmp_path: Path) -> None:
    theirs = small_case.PATIENT | {"birthDate": ["1958-07-19", "1999-01-01"]}
    place = small_case.write(tmp_path / "case", {"fhir/p.json": theirs, "fhir/r.json": small_case.REPORT})
    with pytest.raises(ProblemError, match="a birth date is there that cannot be read") as caught:
        load_case(place, DEFAULT_NAMESPACE)
    assert "1999" not in str(caught.value)
