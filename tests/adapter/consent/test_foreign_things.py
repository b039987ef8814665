"""What the things and parties of a case are to a Consent that names them, and whose a Consent is."""

from pathlib import Path
from typing import Any

import msgspec
import pytest

from adapter.consent.case_facts import facts_of, items_of
from adapter.consent.facts import Facts
from adapter.consent.foreign_case import named_in_denials
from adapter.consent.foreign_parties import Party, Thing, codings, is_one_of
from adapter.consent.foreign_things import parties_of, things_of
from adapter.consent.forms import forms_of
from adapter.holding import Loaded
from adapter.sources.case_file import load_case
from mappings.identity import DEFAULT_NAMESPACE
from tests.adapter.consent.foreign_given import CENTER, NPI, Json, actor, consent, question
from tests.adapter.consent.given import policy
from tests.small_case import BASE, CASE, PATIENT, REPORT, bundle, case, write

AT = "2026-03-16T10:00:00-04:00"
TWIN = "https://twin.example/r4"
TWO_SOURCES = [{"path": "fhir", "base": BASE}, {"path": "twin", "base": TWIN}]
DOCTOR: Json = {"resourceType": "Practitioner", "id": "doctor", "identifier": [{"system": NPI, "value": "1000000003"}]}
ORGANIZATION: Json = {"resourceType": "Organization", "id": "center", "name": "Review Center (synthetic)"}
ON_REPORT: Json = {
    "type": "deny",
    "data": [{"meaning": "instance", "reference": {"reference": "DiagnosticReport/report"}}],
}
HERE = {"holder_tz": "America/New_York"}


def loaded(folder: Path, files: Json, access: Json | None = None, **told: Any) -> Loaded:
    whole = case(access=CASE["access"] | (access or {}), **told)
    return load_case(write(folder / "case", {"fhir/p.json": PATIENT} | files, whole), DEFAULT_NAMESPACE)


def things(held: Loaded) -> dict[str, Thing]:
    return {thing.id: thing for thing in things_of(held, items_of(held), forms_of(held))}


def carried(held: Loaded, at: str = AT, **readings: bool) -> list[tuple[str, str | None, tuple[str, ...]]]:
    """(Consent, what it says, the rules) of a case, names cut short."""
    facts: Facts = facts_of(held, at, policy=msgspec.structs.replace(policy(), **readings))
    return [(one.id.rpartition("/")[2], one.says, one.rules) for one in facts.carried_consents if one.id]


# --- things


def test_the_labels_of_a_bundle_are_those_of_what_came_in_it(tmp_path: Path) -> None:
    labelled = bundle((f"{BASE}/DiagnosticReport/report", REPORT)) | {"meta": {"security": [{"code": "R"}]}}
    assert things(loaded(tmp_path, {"fhir/all.json": labelled}))[f"{BASE}/DiagnosticReport/report"].labels == {"r"}


def test_a_thing_of_the_case_has_its_numbers_and_the_days_of_its_times(tmp_path: Path) -> None:
    """A time without offset is no FHIR dateTime: its day alone is compared with a period."""
    told = {
        "id": "local", "role": "original", "kind": "surgical-pathology", "status": "final", "findings": [],
        "identifiers": [{"system": "urn:x", "value": "7"}], "effective": "2026-02-20T10:00:00",
        "issued": "2026-02-21T10:00:00-05:00",
    }  # fmt: skip
    found = things(loaded(tmp_path, {}, reports=[told]))["local"]
    assert found.numbers == {("urn:x", "7")}
    assert found.dates == ("2026-02-20", "2026-02-21T10:00:00-05:00")


# --- parties


def test_a_duplicate_is_who_the_one_is_that_it_repeats(tmp_path: Path) -> None:
    held = loaded(tmp_path, {"fhir/c.json": ORGANIZATION, "twin/c.json": ORGANIZATION}, sources=TWO_SOURCES)
    found = parties_of(held)
    assert found[f"{TWIN}/Organization/center"] == found[f"{BASE}/Organization/center"]
    assert found[f"{TWIN}/Organization/center"].names == {"review center (synthetic)"}


def test_a_role_is_who_it_leads_to_also_where_that_came_twice(tmp_path: Path) -> None:
    role: Json = {
        "resourceType": "PractitionerRole",
        "id": "r",
        "identifier": [{"system": "urn:role", "value": "9"}],
        "practitioner": {"reference": "Practitioner/doctor"},
    }
    files = {"fhir/d.json": DOCTOR, "twin/d.json": DOCTOR, "twin/r.json": role}
    found = parties_of(loaded(tmp_path, files, sources=TWO_SOURCES))[f"{TWIN}/PractitionerRole/r"]
    assert found == Party(
        urls=frozenset([f"{BASE}/Practitioner/doctor", f"{TWIN}/PractitionerRole/r"]),
        numbers=frozenset([(NPI, "1000000003"), ("urn:role", "9")]),
        person=True,
    )


@pytest.mark.parametrize(
    "led",
    [{}, {"practitioner": {"display": "somebody"}}, {"practitioner": {"reference": "Practitioner/gone"}},
     {"practitioner": {"reference": "PractitionerRole/r"}}],
)  # fmt: skip
def test_a_role_that_leads_to_nobody_is_itself(led: Json, tmp_path: Path) -> None:
    role = {"resourceType": "PractitionerRole", "id": "r", "identifier": [{"system": "urn:role", "value": "9"}]} | led
    url = f"{BASE}/PractitionerRole/r"
    found = parties_of(loaded(tmp_path, {"fhir/r.json": role}))[url]
    assert found == Party(urls=frozenset([url]), numbers=frozenset([("urn:role", "9")]), person=True)


def test_a_role_that_leads_to_another_role_is_not_that_one(tmp_path: Path) -> None:
    one = {"resourceType": "PractitionerRole", "id": "r", "practitioner": {"reference": "PractitionerRole/s"}}
    other = {"resourceType": "PractitionerRole", "id": "s", "identifier": [{"system": "urn:role", "value": "9"}]}
    url = f"{BASE}/PractitionerRole/r"
    found = parties_of(loaded(tmp_path, {"fhir/r.json": one, "fhir/s.json": other}))[url]
    assert found == Party(urls=frozenset([url]), person=True)


def test_a_number_beside_a_reference_tells_who_is_meant_as_much_as_what_it_leads_to() -> None:
    told = {"reference": "Organization/plain", "identifier": {"system": NPI, "value": "1000000001"}}
    asked = question()
    assert is_one_of(told, (asked.parties[CENTER],), asked) is True
    assert is_one_of({"reference": "Organization/plain"}, (asked.parties[CENTER],), asked) is None


def test_what_is_no_text_is_no_code() -> None:
    assert codings({"coding": [{"system": ["urn:x"], "code": {"value": "y"}}]}) == [(None, None)]


# --- what is named


def test_who_is_named_as_data_in_a_denial_is_an_item_by_any_address(tmp_path: Path) -> None:
    def denies(url: str) -> Json:
        return {"type": "deny", "data": [{"meaning": "instance", "reference": {"reference": url}}]}

    doctor = f"{BASE}/Practitioner/doctor"
    for number, url in enumerate(("Practitioner/doctor", f"{TWIN}/Practitioner/doctor")):
        files = {"fhir/d.json": DOCTOR, "twin/d.json": DOCTOR, "fhir/c.json": consent(denies(url))}
        held = loaded(tmp_path / str(number), files, sources=TWO_SOURCES)
        assert named_in_denials(held) == {doctor}
        assert doctor in {item.id for item in items_of(held)}


@pytest.mark.parametrize(
    ("kind", "status", "named"),
    [
        ("deny", "active", True),
        ("deny", "draft", True),
        ("deny", "inactive", False),
        ("deny", "entered-in-error", False),
        ("permit", "active", False),
        (None, "active", True),
    ],
)
def test_only_what_may_be_denied_is_an_item_by_its_name(
    kind: str | None, status: str, named: bool, tmp_path: Path
) -> None:
    data = [{"meaning": "instance", "reference": {"reference": "Practitioner/doctor"}}]
    told: Json = {"data": data} | ({"type": kind} if kind else {})
    held = loaded(tmp_path, {"fhir/d.json": DOCTOR, "fhir/c.json": consent(told, status=status)})
    assert (named_in_denials(held) == {f"{BASE}/Practitioner/doctor"}) is named


def test_a_denial_is_about_what_its_own_source_means_by_a_name(tmp_path: Path) -> None:
    files = {"fhir/r.json": REPORT, "twin/p.json": PATIENT, "twin/r.json": REPORT, "twin/c.json": consent(ON_REPORT)}
    held = loaded(tmp_path, files, sources=TWO_SOURCES)
    [told] = facts_of(held, AT).carried_consents
    assert (told.says, told.rules) == ("denies", ("denies",))
    assert f"{BASE}/DiagnosticReport/report" in told.applies_to


def test_a_denial_to_the_holder_as_the_custodian_denies(tmp_path: Path) -> None:
    holder = {"resourceType": "Organization", "id": "holder", "name": "holder  hospital (Synthetic)"}
    denial = consent({"type": "deny", "actor": [actor("Organization/holder", "CST")]})
    found = carried(loaded(tmp_path, {"fhir/h.json": holder, "fhir/c.json": denial, "fhir/r.json": REPORT}))
    assert found == [("c", "denies", ("denies",))]


def test_a_day_of_decision_is_a_day_of_the_holder(tmp_path: Path) -> None:
    over = consent({"type": "deny", "period": {"end": "2026-03-15"}})
    held = loaded(tmp_path, {"fhir/c.json": over, "fhir/r.json": REPORT}, HERE)
    assert carried(held, "2026-03-16") == []
    assert carried(held, "2026-03-14") == [("c", "denies", ("denies",))]


# --- whose a Consent is


ORDER: Json = {"resourceType": "ServiceRequest", "id": "order", "status": "active", "intent": "order"}


def test_a_consent_inside_something_of_somebody_unknown_is_nobodys(tmp_path: Path) -> None:
    order = ORDER | {"subject": {"reference": "Patient/else"}, "contained": [consent({"type": "deny"})]}
    found = carried(loaded(tmp_path, {"fhir/o.json": order, "fhir/r.json": REPORT}))
    assert found == [("order#c", "unclear", ("patient.unknown",))]


def test_a_consent_inside_something_that_is_about_nobody_is_nobodys(tmp_path: Path) -> None:
    somebody = {"identifier": {"system": "urn:x", "value": "9"}}
    held = ORGANIZATION | {"contained": [consent({"type": "deny"}, patient=somebody, performer=None)]}
    found = carried(loaded(tmp_path, {"fhir/o.json": held, "fhir/r.json": REPORT}))
    assert found == [("center#c", "unclear", ("patient.unknown",))]


def test_a_consent_that_a_line_vouches_for_is_the_patients(tmp_path: Path) -> None:
    somebody = {"identifier": {"system": "urn:x", "value": "9"}}
    files = {"fhir/c.json": consent({"type": "deny"}, patient=somebody), "fhir/r.json": REPORT}
    assert carried(loaded(tmp_path / "one", files)) == [("c", "unclear", ("patient.unknown",))]
    vouched = loaded(tmp_path / "two", files, materials=[{"item": "Consent/c"}])
    assert carried(vouched) == [("c", "denies", ("denies",))]


# --- several of them, where a later permit lifts an earlier denial


def test_a_denial_that_no_later_one_permits_denies_all_the_same(tmp_path: Path) -> None:
    denial = consent({"type": "deny"}, id="denial", dateTime="2026-01-05")
    files = {"fhir/d.json": denial, "fhir/r.json": REPORT}
    assert carried(loaded(tmp_path / "one", files), consent_denial_beats_later_permit=False) == [
        ("denial", "denies", ("denies",))
    ]
    earlier = {"fhir/e.json": consent({"type": "permit"}, id="earlier", dateTime="2026-01-04")}
    assert carried(loaded(tmp_path / "two", files | earlier, HERE), consent_denial_beats_later_permit=False) == [
        ("denial", "denies", ("denies",))
    ]
    later = {"fhir/l.json": consent({"type": "permit"}, id="later", dateTime="2026-01-06")}
    assert carried(loaded(tmp_path / "three", files | later, HERE), consent_denial_beats_later_permit=False) == []
    assert carried(loaded(tmp_path / "four", files | later), consent_denial_beats_later_permit=False) == [
        ("denial", "denies", ("denies",))
    ]


def test_a_consent_that_was_refused_is_lifted_by_none(tmp_path: Path) -> None:
    files = {
        "fhir/broken.json": consent({"type": "deny"}, id="broken", status=["active"]),
        "fhir/later.json": consent({"type": "permit"}, id="later", dateTime="2026-02-01"),
        "fhir/r.json": REPORT,
    }
    held = loaded(tmp_path, files, HERE)
    assert carried(held, consent_denial_beats_later_permit=False) == [("broken#refused", "unclear", ("refused",))]


def test_a_permit_that_a_later_one_repeats_still_carries_what_it_is_named_for(tmp_path: Path) -> None:
    paper = {
        "description": "reports", "discloser": "Holder Hospital (synthetic)", "purpose": "a second opinion",
        "recipient": "Review Center (synthetic)", "expiry": "2026-12-31", "signed": True, "signed_on": "2026-01-05",
        "signer": "patient", "document": "Consent/first",
    }  # fmt: skip
    files = {
        "fhir/first.json": consent({"type": "permit"}, id="first"),
        "fhir/later.json": consent({"type": "permit"}, id="later", dateTime="2026-02-01"),
        "fhir/r.json": REPORT,
    }
    held = loaded(tmp_path, files, HERE | {"authorization": paper})
    assert carried(held, consent_denial_beats_later_permit=False) == []
