"""What `init` writes: a case to fill in, its schema for editors, and a page that explains each field.

The case is the common one: a physician's request to a review center, disclosed for treatment (45 CFR 164.506(c)(2)).
Nothing in it is guessed: what only the user knows says FILL-IN, and a case that still says so is not taken.
"""

import typing
from pathlib import Path
from typing import Any

from adapter.sources.case_file import CASE_FILE, HELP_FILE, SCHEMA_FILE
from adapter.sources.help_page import help_page
from adapter.sources.placeholders import MARK
from mappings.domain.native import encode, schema
from mappings.domain.party import Patient
from mappings.domain.request import Reason, Scope

_TRUE_OR_FALSE = f"{MARK} true or false, without quotes"


def _one_of(hint: Any) -> str:
    """The words a field allows."""
    plain = hint if typing.get_origin(hint) is typing.Literal else typing.get_args(hint)[0]
    return " | ".join(typing.get_args(plain))


TEMPLATE: dict[str, Any] = {
    "$schema": f"./{SCHEMA_FILE}",
    "format": "second-opinion-case/1",
    "id": f"{MARK} your number of the case",
    "patient": {
        "identifiers": [
            {
                "system": f"{MARK} issuer of the number, as urn:oid:... or https://your-hospital.example/sid/mrn",
                "value": f"{MARK} record number",
                "kind": "MR",
            }
        ],
        "names": [{"family": MARK, "given": [MARK]}],
        "birth_date": f"{MARK} YYYY-MM-DD",
        "gender": f"{MARK} {_one_of(typing.get_type_hints(Patient)['gender'])}",
    },
    "request": {
        "id": "request",
        "scope": f"{MARK} {_one_of(Scope)}",
        "reasons": [f"{MARK} one or more of {_one_of(Reason)}"],
        "question": f"{MARK} what the reviewer is asked",
        "authored_on": f"{MARK} YYYY-MM-DD",
        "requester": "requester",
        "performer": "review-center",
    },
    "access": {
        "id": "access",
        "pathway": "disclosure",
        "requester": "referring_physician",
        "recipient": "review_center",
        "recipient_party": "review-center",
        "purpose": "treatment",
        "recipient_is_provider": _TRUE_OR_FALSE,
        "identity_verified": _TRUE_OR_FALSE,
        "authority_verified": _TRUE_OR_FALSE,
    },
    "holder": "hospital",
    "organizations": [
        {"id": "hospital", "name": f"{MARK} your organization"},
        {"id": "review-center", "name": f"{MARK} the review center", "kind": "review_center"},
    ],
    "practitioners": [{"id": "requester", "names": [{"family": MARK, "given": [MARK]}]}],
    "materials": [
        {
            "path": f"{MARK} documents/report.pdf (one such entry for every PDF, text or picture, or none)",
            "id": "report",
            "kind": "pathology_report",
            "title": f"{MARK} what a person calls it",
        }
    ],
}


def write_template(folder: Path) -> tuple[Path, ...]:
    """Write the three files into `folder` and name them."""
    folder.mkdir(parents=True, exist_ok=True)
    paths = (folder / CASE_FILE, folder / SCHEMA_FILE, folder / HELP_FILE)
    paths[0].write_bytes(encode(TEMPLATE))
    paths[1].write_bytes(encode(schema()))
    paths[2].write_text(help_page(), encoding="utf-8")
    return paths
