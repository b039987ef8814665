"""Occasions to write letters on: one small case, decided on a day; a test changes the one thing it is about."""

import datetime as dt
import hashlib
import json
from typing import Any

import msgspec

from adapter.config import Office
from adapter.consent.case_facts import facts_of
from adapter.consent.decide import decide
from adapter.consent.policy import policy_for
from adapter.consent.rights_facts import facts_of_right
from adapter.holding import Loaded, Ownership
from adapter.letters import Kind, Letter, Occasion, letter
from mappings.domain.native import read_case
from mappings.domain.rights import Right
from mappings.problems import ProblemError

OFFICE = Office(
    title="Privacy Officer",
    phone="+1 505 555 0100",
    complaints="Call or write to the Privacy Officer.",
    reviews="Write to the Privacy Officer and ask for a review.",
    disagreements="Write to the Privacy Officer; one page is enough.",
)
ACCESS: dict[str, Any] = {
    "id": "access",
    "pathway": "access",
    "requester": "patient",
    "requested_by": "patient",
    "recipient": "patient",
    "recipient_party": "patient",
    "purpose": "patient_request",
    "identity_verified": True,
    "request_form": "written",
    "received_at": "2026-03-02T23:30:00-05:00",
    "holder_tz": "America/New_York",
}
DAUGHTER: dict[str, Any] = {
    "requester": "personal_representative",
    "requested_by": "daughter",
    "recipient": "personal_representative",
    "recipient_party": "daughter",
    "authority_verified": True,
    "representative": {"type": "health_care_proxy", "scope": "all_health_care"},
}
ENDANGERS: dict[str, Any] = {
    "ground": "endanger_life_or_safety",
    "applies_to": ["letter"],
    "by_licensed_professional": True,
    "professional": "Testdoctor-Secretive",
    "made_on": "2026-03-05",
}
DISCLOSURE: dict[str, Any] = {
    "pathway": "disclosure",
    "requester": "referring_physician",
    "requested_by": "doctor",
    "recipient": "review_center",
    "recipient_party": "center",
    "recipient_is_provider": True,
    "purpose": "treatment",
    "authority_verified": True,
}
CASE: dict[str, Any] = {
    "format": "second-opinion-case/1",
    "id": "SYN-1",
    "test_data": True,
    "patient": {
        "identifiers": [{"system": "https://ehr.example/sid/mrn", "value": "MRN-77001", "kind": "MR"}],
        "names": [{"family": "Testperson", "given": ["María"]}],
        "birth_date": "1958-07-19",
        "addresses": [{"lines": ["7 Sample Road"], "city": "Exampleville", "state": "NM", "postal_code": "00000"}],
    },
    "request": {
        "id": "request",
        "scope": "pathology-only",
        "reasons": ["patient-wish"],
        "question": "Is this what the report says?",
        "authored_on": "2026-03-02",
        "requester": "patient",
        "performer": "center",
    },
    "holder": "hospital",
    "organizations": [
        {"id": "hospital", "name": "Test Hospital (synthetic)"},
        {"id": "center", "name": "Review Center (synthetic)", "kind": "review_center"},
    ],
    "practitioners": [{"id": "doctor", "names": [{"family": "Testdoctor-Ask"}]}],
    "related_persons": [
        {"id": "daughter", "names": [{"family": "Testperson-Ana"}], "relationship": "power_of_attorney"}
    ],
    "reports": [
        {
            "id": "report",
            "role": "original",
            "kind": "surgical-pathology",
            "status": "final",
            "effective": "2026-02-20",
            "organization": "hospital",
            "conclusion": "Sarcoma of the thigh.",
        }
    ],
    "documents": [],
    "materials": [],
}
LETTER = {"path": "documents/letter.txt", "id": "letter", "kind": "history_letter", "title": "Quetzal letter"}
NOTES = {"path": "documents/notes.txt", "id": "notes", "kind": "psychotherapy_notes", "title": "Quetzal notes"}
AMENDS: dict[str, Any] = {
    "id": "amend",
    "requested_by": "patient",
    "received_at": "2026-01-10T23:30:00-05:00",
    "holder_tz": "America/New_York",
    "identity_verified": True,
    "asks": "The report names the left thigh. It is the right one.",
    "about": ["report"],
    "created_here": True,
    "accurate_and_complete": True,
}
COUNTS: dict[str, Any] = {
    "id": "count",
    "requested_by": "patient",
    "received_at": "2026-01-10T23:30:00-05:00",
    "holder_tz": "America/New_York",
    "identity_verified": True,
}
ON = "2026-03-10T09:00:00-05:00"


def occasion(
    *,
    access: dict[str, Any] | None = None,
    materials: tuple[dict[str, Any], ...] = (),
    office: Office = OFFICE,
    on: str = ON,
    amends: dict[str, Any] | None = None,
    counts: dict[str, Any] | None = None,
    **fields: Any,
) -> Occasion:
    """The small case with these changes, decided at a time."""
    documents = [
        {
            "id": line["id"],
            "path": line["path"],
            "content_type": "text/plain",
            "sha256": hashlib.sha256(line["path"].encode()).hexdigest(),
            "size": 1,
            "kind": line["kind"],
            "title": line["title"],
            "date": "2026-01-15",
        }
        for line in materials
        if "path" in line
    ]
    if amends is not None:
        fields["amendments"] = [AMENDS | amends]
    if counts is not None:
        fields["accountings"] = [COUNTS | counts]
    told = CASE | {"access": ACCESS | (access or {}), "materials": list(materials), "documents": documents} | fields
    case = read_case(json.dumps(told).encode())
    loaded = Loaded(
        case=case,
        carried=(),
        aliases={},
        contested={},
        owners=Ownership(of={}),
        documents={},
        instances={},
        identities={},
        settings={},
        drafts=(),
    )
    asked: tuple[Right, ...] = (*case.amendments, *case.accountings)
    right = next(iter(asked), None)
    facts = facts_of(loaded, on) if right is None else facts_of_right(right, on)
    policy = policy_for(dt.date.fromisoformat(on[:10]))
    return Occasion(case=case, facts=facts, decision=decide(facts, policy), policy=policy, office=office, right=right)


def denied(**changes: Any) -> Occasion:
    """A reviewable denial of one of several items."""
    more = changes.pop("access", {})
    return occasion(access={"determinations": [ENDANGERS]} | more, materials=(LETTER,), **changes)


def without(*names: str) -> Office:
    """The office with something left out."""
    return msgspec.structs.replace(OFFICE, **{name: type(getattr(OFFICE, name))() for name in names})


def refusals(kind: Kind, on: Occasion) -> list[str]:
    """The Problems for which a letter is not issued."""
    try:
        letter(kind, on)
    except ProblemError as error:
        return [f"{found.where}: {found.message} [{found.rule}]" for found in error.problems]
    return []


def words(made: Letter) -> str:
    """Everything a letter says."""
    return msgspec.json.encode(made).decode()
