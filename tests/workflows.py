"""Workflows for the reference validator (tests/live judges them): `python -m tests.workflows DIR` writes them all.

Every fixture in both shapes of Consent, before anything is on record and after an export; small requests in every state
(denied, reviewed, pending, overdue, told, revoked); and 20 generated cases. What they claim is theirs, so that a claim
that does not hold is found.
"""

import itertools
import json
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from adapter.claims import families
from adapter.cli.letter import occasion_of
from adapter.config import Office, Settings
from adapter.errors import NotPermitted
from adapter.ledger.store import Ledger
from adapter.letters import NOTICE_KINDS, Kind, letter
from adapter.pipeline import check_case, export_case
from adapter.recording import entry
from adapter.workflow import Workflow, matter_at, workflow_of
from mappings.domain.native import encode_case
from mappings.domain.values import Moment
from mappings.fhir.wire import Json, pretty
from tests import golden, small_case
from tests.generated_bundles import generated

SHAPES = ("pcf", "fast")
LATER = Moment("2026-03-20T10:00:00-04:00")
GENERATED = 20
OFFICE = Office(
    title="Privacy Officer",
    phone="+1 505 555 0100",
    complaints="Call or write to the Privacy Officer.",
    reviews="Write to the Privacy Officer and ask for a review.",
)
FOUND: dict[str, Any] = {
    "ground": "endanger_life_or_safety",
    "applies_to": ["report-original"],
    "by_licensed_professional": True,
    "professional": "Otto Testdoctor",
    "made_on": "2026-01-20",
}
ASKED: dict[str, Any] = {
    "recipient": "patient",
    "recipient_party": "patient",
    "recipient_is_provider": None,
    "directive": None,
}
"""The patient asks for a copy for herself: what patient-directive is without its directive."""
REVIEW: dict[str, Any] = {"requested_on": "2026-02-02", "official": "Ida Testreviewer", "official_licensed": True}
DECIDED: dict[str, Any] = REVIEW | {"decided_on": "2026-02-20"}
DENIED: dict[str, Any] = {"determinations": [FOUND]}
NOTES: dict[str, Any] = {
    "description": "Psychotherapy notes of 2026", "discloser": "Holder Hospital (synthetic)",
    "recipient": "Review Center (synthetic)", "purpose": "Second opinion", "expiry": "2027-01-01", "signed": True,
    "signed_on": "2026-03-01", "signer": "patient", "statement_revocation": True, "statement_conditioning": True,
    "statement_redisclosure": True, "psychotherapy_notes": True, "plain_language": True,
}  # fmt: skip
"""An authorization for psychotherapy notes that stands apart."""
DENYING: dict[str, Any] = {
    "resourceType": "Consent",
    "id": "no",
    "status": "active",
    "scope": {"coding": [{"system": "http://terminology.hl7.org/CodeSystem/consentscope", "code": "patient-privacy"}]},
    "category": [{"coding": [{"system": "http://loinc.org", "code": "59284-0"}]}],
    "patient": {"reference": "Patient/p"},
    "dateTime": "2026-02-01",
    "policy": [{"uri": "https://example.org/policy"}],
    "provision": {"type": "deny"},
}
"""A Consent of the record that denies everything."""
STATES: dict[str, dict[str, Any]] = {
    "asked": {},
    "unverified": {"identity_verified": None},
    "overdue": {"identity_verified": None, "received_at": "2025-12-01T09:00:00-07:00"},
    "no-clock": {"received_at": None},
    "denied": DENIED,
    "all-denied": {"determinations": [{**FOUND, "applies_to": []}]},
    "review-asked": DENIED | {"review": {"requested_on": "2026-02-02"}},
    "review-referred": DENIED | {"review": REVIEW},
    "review-unclear": DENIED | {"review": {**REVIEW, "official_licensed": None}},
    "review-upheld": DENIED | {"review": DECIDED | {"decision": "uphold"}},
    "review-overturned": DENIED | {"review": DECIDED | {"decision": "overturn"}},
    "extended": {"extensions": [{"reasons": "The archive moves.", "until": "2026-03-10", "sent_on": "2026-02-01"}]},
}
"""What the small request says otherwise; a finding that names no item is about all."""


def settings(folder: Path, **more: Any) -> Settings:
    """Settings with a ledger of its own in the folder."""
    return Settings(ledger=f"sqlite:///{folder}/ledger.sqlite3", office=OFFICE, **more)


def small(folder: Path, scenario: str = "patient-directive", **access: Any) -> Path:
    """A scenario whose access says something else; None takes a field out."""
    place = golden.source(scenario, folder)
    case = json.loads((place / "case.json").read_text("utf-8"))
    told = case["access"] | access
    case["access"] = {name: value for name, value in told.items() if value is not None}
    (place / "case.json").write_text(json.dumps(case), "utf-8")
    return place


def shown(case: Path, chosen: Settings, now: Moment = golden.NOW) -> Workflow:
    """The workflow of a case folder."""
    return workflow_of(matter_at(check_case(case, chosen, now), chosen, now), families(chosen))


def exported(case: Path, folder: Path, chosen: Settings, now: Moment = golden.NOW) -> None:
    """Export, or have the refusal recorded."""
    try:
        export_case(case, folder / "out", chosen, now)
    except NotPermitted:
        return


def sent(case: Path, kind: Kind, chosen: Settings, now: Moment = golden.NOW) -> None:
    """Record that a letter went out."""
    checked = check_case(case, chosen, now)
    made = letter(kind, occasion_of(checked, chosen, now))
    ledger = Ledger(chosen.ledger, at=str(now))
    try:
        asked = entry(checked, now, "letter")
        ledger.decided(asked)
        ledger.noticed(
            {
                "request_id": asked.request["id"], "kind": NOTICE_KINDS[kind], "sent_at": str(now),
                "recipient": made.addressee.name, "document_sha256": "0" * 64, "promised_on": None,
            }
        )  # fmt: skip
    finally:
        ledger.close()


def workflows() -> Iterator[tuple[str, Json]]:
    """Name and Bundle of each."""
    for name, shape in itertools.product(golden.scenarios(), SHAPES):
        with tempfile.TemporaryDirectory() as scratch:
            folder = Path(scratch)
            chosen, case = settings(folder, consent_shape=shape), golden.source(name, folder)
            yield f"{name}-{shape}-asked", shown(case, chosen).bundle
            exported(case, folder, chosen)
            yield f"{name}-{shape}-exported", shown(case, chosen, LATER).bundle
    for (name, access), shape in itertools.product(STATES.items(), SHAPES):
        with tempfile.TemporaryDirectory() as scratch:
            folder = Path(scratch)
            chosen, case = settings(folder, consent_shape=shape), small(folder, **(ASKED | access))
            exported(case, folder, chosen)
            yield f"state-{name}-{shape}", shown(case, chosen, LATER).bundle
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch)
        chosen, case = settings(folder), small(folder, **(ASKED | DENIED))
        exported(case, folder, chosen)
        sent(case, "denial", chosen, LATER)
        yield "state-told", shown(case, chosen, LATER).bundle
    yield from _papers()
    yield from _generated()


def _papers() -> Iterator[tuple[str, Json]]:
    """Papers that refuse, and one that stands apart, in both shapes."""
    revoked = json.loads((golden.CASES / "authorization" / "case.json").read_bytes())["access"]["authorization"]
    apart = small_case.case()
    apart["access"]["psychotherapy_authorization"] = NOTES
    files = {"fhir/p.json": small_case.PATIENT, "fhir/r.json": small_case.REPORT}
    for shape in SHAPES:
        with tempfile.TemporaryDirectory() as scratch:
            folder = Path(scratch)
            cases = {
                "revoked": small(
                    folder, "authorization", authorization={**revoked, "revoked_in_writing_on": "2026-03-01"}
                ),
                "denying": small_case.write(folder / "denying", files | {"fhir/c.json": DENYING}),
                "apart": small_case.write(folder / "apart", files | {"fhir/n.json": small_case.NOTE}, apart),
            }
            for name, case in cases.items():
                chosen = settings(folder, consent_shape=shape)
                (folder / f"{name}-out").mkdir()
                exported(case, folder / f"{name}-out", chosen)
                yield f"paper-{name}-{shape}", shown(case, chosen, LATER).bundle


def _generated() -> Iterator[tuple[str, Json]]:
    asking = (case for case in generated() if case.access is not None)
    for number, (case, shape) in enumerate(zip(asking, itertools.cycle(SHAPES), strict=False)):
        if number == GENERATED:
            break
        with tempfile.TemporaryDirectory() as scratch:
            folder = Path(scratch)
            (folder / "case").mkdir()
            (folder / "case" / "case.json").write_bytes(encode_case(case))
            chosen = settings(folder, consent_shape=shape)
            exported(folder / "case", folder, chosen)
            yield f"generated-{number:02}-{shape}", shown(folder / "case", chosen, LATER).bundle


def main(target: Path) -> None:
    """Write all to this folder."""
    target.mkdir(parents=True)
    for name, bundle in workflows():
        (target / f"{name}.json").write_bytes(pretty(bundle))


if __name__ == "__main__":
    main(Path(sys.argv[1]))
