"""A case with a part, two blocks and four slides, and what the tests change of it."""

import copy
import datetime as dt
import json
from pathlib import Path
from typing import Any

from adapter.custody.policy import Policy, policy_for
from mappings.domain.case import Case
from mappings.domain.material import CustodyEvent
from mappings.domain.native import decode, read_case
from tests.small_case import CASE

DAY = dt.date(2026, 3, 16)
LABELS = "https://lab.example/sid/label"


def label(value: str) -> list[dict[str, str]]:
    return [{"system": LABELS, "value": value}]


MATERIALS: dict[str, Any] = {
    "organizations": [
        {"id": "lab", "name": "Holder Hospital (synthetic)"},
        {"id": "center", "name": "Review Center (synthetic)", "kind": "review_center"},
    ],
    "roles": [{"id": "role-asks", "practitioner": "prac-asks", "organization": "lab"}],
    "holder": "lab",
    "parts": [{"id": "part", "identifiers": label("S26-1234-A"), "received": "2026-02-18T10:00:00-05:00"}],
    "blocks": [
        {"id": "block", "part": "part", "identifiers": label("S26-1234-A1"), "remaining": "ample"},
        {"id": "used-up", "part": "part", "identifiers": label("S26-1234-A2"), "remaining": "exhausted"},
    ],
    "slides": [
        {"id": "slide", "parent": "block", "identifiers": label("S26-1234-A1-1"), "stain": {"text": "H&E"}},
        {"id": "last", "parent": "used-up", "identifiers": label("S26-1234-A2-1"), "stain": {"text": "H&E"}},
        {"id": "smear", "parent": "part", "identifiers": label("S26-1234-A-1")},
        {"id": "unstained", "parent": "block", "identifiers": label("S26-1234-A1-2"), "kind": "unstained"},
    ],
    "reports": [
        {
            "id": "report",
            "role": "original",
            "kind": "surgical-pathology",
            "status": "final",
            "issued": "2026-02-20T15:00:00-05:00",
        }
    ],
}
LOAN = {"agreement": True, "return_by": "2026-06-01", "custodian": "Slide room"}


def told(**changes: Any) -> dict[str, Any]:
    """The case as a dictionary; `access__FIELD` and `request__FIELD` change what stands below."""
    made = copy.deepcopy({**CASE, **MATERIALS})
    made["access"]["recipient_party"] = made["request"]["performer"] = "center"
    for name, value in changes.items():
        group, _, field = name.rpartition("__")
        (made[group] if group else made)[field] = value
    return made


def case(**changes: Any) -> Case:
    return read_case(json.dumps(told(**changes)).encode())


def event(kind: str, *items: str, at: str = "2026-03-01", **more: Any) -> dict[str, Any]:
    return {"id": f"{kind}-{items[0]}", "items": list(items), "kind": kind, "at": at, **more}


def a_custody_event(kind: str, *items: str, **more: Any) -> CustodyEvent:
    return decode(json.dumps(event(kind, *items, **more)).encode(), CustodyEvent)


def asked(*items: str, **more: Any) -> dict[str, Any]:
    return event("requested", *items, by="center", to="lab", **more)


def policy(own: Path | None = None, day: dt.date = DAY) -> Policy:
    return policy_for(day, own)


def write(folder: Path, text: str, name: str = "own.toml") -> Path:
    place = folder / name
    place.write_text(text, encoding="utf-8")
    return place
