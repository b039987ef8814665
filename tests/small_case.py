"""A small case folder that holds whatever FHIR a test puts into it, and what an export of it delivers."""

import copy
import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from tests import golden

BASE = "https://ehr.example/r4"
NUMBERS = "https://ehr.example/sid/mrn"
PSYCHOTHERAPY = {"system": "http://terminology.hl7.org/CodeSystem/v3-ActCode", "code": "PSYTHPN"}
PATIENT: dict[str, Any] = {
    "resourceType": "Patient",
    "id": "p",
    "identifier": [{"system": NUMBERS, "value": "MRN-77001"}],
    "name": [{"family": "Testperson", "given": ["Mirabel"]}],
    "birthDate": "1958-07-19",
}
CASE: dict[str, Any] = {
    "format": "second-opinion-case/1",
    "id": "small-case",
    "test_data": True,
    "patient": {
        "identifiers": [{"system": NUMBERS, "value": "MRN-77001", "kind": "MR"}],
        "names": [{"family": "Testperson", "given": ["Mirabel"]}],
        "birth_date": "1958-07-19",
    },
    "request": {
        "id": "request",
        "scope": "pathology-only",
        "reasons": ["rare-cancer"],
        "question": "Is this what the report says?",
        "authored_on": "2026-03-02T09:00:00-05:00",
        "requester": "role-asks",
        "performer": "org-center",
    },
    "access": {
        "id": "access",
        "pathway": "disclosure",
        "requester": "referring_physician",
        "recipient": "review_center",
        "recipient_party": "org-center",
        "purpose": "treatment",
        "recipient_is_provider": True,
        "identity_verified": True,
        "authority_verified": True,
    },
    "holder": "org-holder",
    "organizations": [
        {"id": "org-holder", "name": "Holder Hospital (synthetic)"},
        {"id": "org-center", "name": "Review Center (synthetic)", "kind": "review_center"},
    ],
    "practitioners": [{"id": "prac-asks", "names": [{"family": "Testdoctor", "given": ["Ida"]}]}],
    "roles": [{"id": "role-asks", "practitioner": "prac-asks", "organization": "org-holder"}],
    "sources": [{"path": "fhir", "base": BASE}],
}
REPORT: dict[str, Any] = {
    "resourceType": "DiagnosticReport",
    "id": "report",
    "status": "final",
    "category": [{"coding": [{"system": "http://terminology.hl7.org/CodeSystem/v2-0074", "code": "SP"}]}],
    "code": {"coding": [{"system": "http://loinc.org", "code": "11529-5"}]},
    "subject": {"reference": "Patient/p"},
    "effectiveDateTime": "2026-02-20",
    "issued": "2026-02-21T10:00:00-05:00",
    "conclusion": "Sarcoma of the thigh.",
}
SECRET = "quetzal"
"""A word that stands in every value of a withheld thing and nowhere else."""
NOTE: dict[str, Any] = {
    "resourceType": "DocumentReference",
    "id": f"{SECRET}-note",
    "meta": {"security": [PSYCHOTHERAPY]},
    "identifier": [{"system": "https://ehr.example/sid/document", "value": f"{SECRET}-4711"}],
    "status": "current",
    "type": {"text": f"{SECRET} session note"},
    "subject": {"reference": "Patient/p"},
    "content": [{"attachment": {"contentType": "text/plain", "title": f"{SECRET} title", "data": "cXVldHphbA=="}}],
}


def case(**changes: Any) -> dict[str, Any]:
    """A case of the small kind with these top-level fields instead of its own."""
    return copy.deepcopy(CASE) | changes


def write(folder: Path, files: Mapping[str, Any], told: dict[str, Any] | None = None) -> Path:
    """Write the case folder: JSON values as JSON, bytes as they are, texts as UTF-8."""
    folder.mkdir(parents=True)
    for path, value in {"case.json": told or case(), **files}.items():
        place = folder / path
        place.parent.mkdir(parents=True, exist_ok=True)
        text = value if isinstance(value, str) else json.dumps(value) if not isinstance(value, bytes) else ""
        place.write_bytes(value if isinstance(value, bytes) else text.encode())
    return folder


def delivered(target: Path) -> dict[str, bytes]:
    """Every file of a delivered folder by its path."""
    return {p.relative_to(target).as_posix(): p.read_bytes() for p in sorted(target.rglob("*")) if p.is_file()}


def export(folder: Path, files: Mapping[str, Any], told: dict[str, Any] | None = None) -> dict[str, bytes]:
    """Write a case folder below `folder`, export it at the fixed time, and give every file that was delivered."""
    golden.export(write(folder / "case", files, told), folder / "out")
    return delivered(folder / "out")


def bundle(*entries: tuple[str | None, dict[str, Any]], kind: str = "collection") -> dict[str, Any]:
    """A Bundle of (fullUrl or None, resource)."""
    rows = [
        {"resource": resource} if url is None else {"fullUrl": url, "resource": resource} for url, resource in entries
    ]
    return {"resourceType": "Bundle", "type": kind, "entry": rows}


def strings(value: Any) -> Iterator[str]:
    """Every text in a JSON value, keys apart."""
    if isinstance(value, dict):
        for inner in value.values():
            yield from strings(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from strings(inner)
    elif isinstance(value, str):
        yield value
