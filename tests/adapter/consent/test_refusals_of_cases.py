"""Refusals of whole cases in full: names that mean nothing, decisions about something else, requests cut too short."""

from pathlib import Path
from typing import Any

import msgspec
import pytest

from adapter.consent import gate
from adapter.consent.case_facts import facts_of
from adapter.consent.decide import Decision, decide
from adapter.holding import Loaded
from adapter.sources.case_file import load_case
from adapter.sources.readings import read_again
from mappings.identity import DEFAULT_NAMESPACE
from tests import golden
from tests.adapter.consent.foreign_given import consent
from tests.adapter.consent.given import policy
from tests.adapter.consent.test_refusals_in_full import refused
from tests.small_case import CASE, PATIENT, REPORT, case, write

WORDS = (
    "app, attorney, cancer_registry, employer, family_member, health_care_provider, health_plan, holder, hospital, "
    "laboratory, life_insurer, parent, patient, payer, personal_representative, public_health_authority, "
    "referring_physician, researcher, review_center, treating_provider"
)
NOTHING = (
    "names nothing that is decided about here, or more than one thing; write a local name of the case, a fullUrl, a "
    "`Type/id` that one source has, or a study UID"
)
DOCTOR = {"resourceType": "Practitioner", "id": "doctor", "name": [{"family": "Testwriter"}]}


def loaded(
    folder: Path, files: dict[str, Any] | None = None, access: dict[str, Any] | None = None, **told: Any
) -> Loaded:
    whole = case(access=CASE["access"] | (access or {}), **told)
    held = {"fhir/p.json": PATIENT, "fhir/report.json": REPORT} | (files or {})
    return load_case(write(folder / "case", held, whole), DEFAULT_NAMESPACE)


def decision_of(held: Loaded) -> Decision:
    return decide(facts_of(held, str(golden.NOW)), policy())


def released(held: Loaded, decision: Decision) -> object:
    return gate.release(held, decision, golden.NOW, lambda resource: [], read_again)


def test_of_a_restriction_on_nobody_in_a_case(tmp_path: Path) -> None:
    blocked = {"agreed": True, "blocks_recipient": "zq-nobody", "items": ["DiagnosticReport/report"]}
    held = loaded(tmp_path, access={"restrictions": [blocked | {"blocks_recipient": "payer"}, blocked]})
    message = f"names no recipient: write a local name or the name of a party of this case, or one of {WORDS}"
    assert refused(lambda: facts_of(held, str(golden.NOW))) == [
        ("not-found", "case.json $.access.restrictions[1].blocks_recipient", message, "case.names")
    ]


@pytest.mark.parametrize(
    ("access", "lines", "where"),
    [
        ({}, [{"item": "request"}, {"item": "zq"}], "materials[1].item"),
        ({}, [{"item": "request", "duplicate_of": "zq"}], "materials[0].duplicate_of"),
        ({}, [{"item": "request", "in_law": {"scan_of": "zq"}}], "materials[0].in_law.scan_of"),
        ({"restrictions": [{"agreed": True, "blocks_recipient": "payer", "items": ["request", "zq"]}]}, [],
         "access.restrictions[0].items[1]"),
        ({"determinations": [{"ground": "endanger_life_or_safety", "applies_to": ["zq"]}]}, [],
         "access.determinations[0].applies_to[0]"),
        ({"authorization": {"covers": ["request", "zq"]}}, [], "access.authorization.covers[1]"),
        ({"psychotherapy_authorization": {"covers": ["zq"]}}, [], "access.psychotherapy_authorization.covers[0]"),
        ({"part2_consent": {"covers": ["zq"]}}, [], "access.part2_consent.covers[0]"),
        ({"counseling_notes_consent": {"covers": ["zq"]}}, [], "access.counseling_notes_consent.covers[0]"),
        ({"proceedings_consent": {"covers": ["zq"]}}, [], "access.proceedings_consent.covers[0]"),
    ],
)  # fmt: skip
def test_of_a_name_that_means_nothing_in_a_case(
    access: dict[str, Any], lines: list[dict[str, Any]], where: str, tmp_path: Path
) -> None:
    held = loaded(tmp_path, access=access, materials=lines)
    assert refused(lambda: facts_of(held, str(golden.NOW))) == [
        ("not-found", f"case.json $.{where}", NOTHING, "case.names")
    ]


def test_of_a_release_without_a_permit_or_about_something_else(tmp_path: Path) -> None:
    held = loaded(tmp_path)
    decision = decision_of(held)
    pending = msgspec.structs.replace(decision, outcome="pend")
    assert refused(lambda: released(held, pending)) == [
        ("forbidden", "release", "only a permit makes a release", "gate")
    ]
    less = msgspec.structs.replace(decision, released=decision.released[1:])
    assert refused(lambda: released(held, less)) == [
        ("forbidden", "release", "the decision is not about what this case asks for", "gate")
    ]


def test_of_a_request_whose_requester_stays_behind(tmp_path: Path) -> None:
    """A Consent denies the practitioner by name: a request that nobody asks for is none."""
    denial = consent(
        {"type": "deny", "data": [{"meaning": "instance", "reference": {"reference": "Practitioner/doctor"}}]}
    )
    files = {"fhir/doctor.json": DOCTOR, "fhir/consent.json": denial}
    held = loaded(tmp_path, files, request=CASE["request"] | {"requester": "Practitioner/doctor"})
    [(code, where, message, rule)] = refused(lambda: released(held, decision_of(held)))
    assert (code, where, rule) == ("business-rule", "case.json", "gate")
    assert message.startswith("cannot stand without what is withheld: ")
    assert "doctor" not in message
