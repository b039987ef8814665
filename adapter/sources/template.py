"""What `init` writes: a case to fill in, its schema for editors, and a page that explains each field."""

import html
import typing
from pathlib import Path
from typing import Any

import msgspec

from adapter.sources.case_file import CASE_FILE, HELP_FILE, SCHEMA_FILE
from mappings.domain.case import Case
from mappings.domain.native import encode, schema

TEMPLATE: dict[str, Any] = {
    "$schema": f"./{SCHEMA_FILE}",
    "format": "second-opinion-case/1",
    "id": "FILL-IN-case-number",
    "patient": {
        "identifiers": [{"system": "urn:oid:FILL-IN-your-hospital", "value": "FILL-IN-record-number", "kind": "MR"}],
        "names": [{"family": "FILL-IN", "given": ["FILL-IN"]}],
        "birth_date": "1900-01-01",
        "gender": "unknown",
    },
    "request": {
        "id": "request",
        "scope": "pathology-only",
        "reasons": ["rare-cancer"],
        "question": "FILL-IN what the reviewer is asked",
        "authored_on": "1900-01-01",
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
    },
    "holder": "hospital",
    "organizations": [
        {"id": "hospital", "name": "FILL-IN your hospital"},
        {"id": "review-center", "name": "FILL-IN the review center", "kind": "review_center"},
    ],
    "practitioners": [{"id": "requester", "names": [{"family": "FILL-IN", "prefix": ["Dr."]}]}],
    "materials": [],
}


def write_template(folder: Path) -> tuple[Path, ...]:
    """Write the three files into `folder` and name them."""
    folder.mkdir(parents=True, exist_ok=True)
    paths = (folder / CASE_FILE, folder / SCHEMA_FILE, folder / HELP_FILE)
    paths[0].write_bytes(encode(TEMPLATE))
    paths[1].write_bytes(encode(schema()))
    paths[2].write_text(help_page(), encoding="utf-8")
    return paths


def help_page() -> str:
    """The page: one table a struct, one row a field, generated from the format itself."""
    sections = "\n".join(_section(struct) for struct in _structs(Case))
    return f"""<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>case.json, field by field</title>
<meta name="viewport" content="width=device-width">
<style>body{{font:16px/1.5 system-ui,sans-serif;max-width:60rem;margin:2rem auto;padding:0 1rem}}
table{{border-collapse:collapse;width:100%}}th,td{{text-align:left;padding:.3rem .6rem;border-bottom:1px solid #ccc;
vertical-align:top}}td:first-child{{font-family:ui-monospace,monospace}}h2{{margin-top:2.5rem}}</style></head>
<body><h1>case.json, field by field</h1>
<p>Fields marked required must be there; leave out what you do not know, and never fill a gap with a guess: what is
unknown is asked for, what is guessed is believed. Dates are as precise as they are known (2026, 2026-01, 2026-01-15);
a time carries its UTC offset.</p>
{sections}
</body></html>
"""


def _structs(root: type) -> list[type]:
    found: list[type] = []
    queue = [root]
    while queue:
        struct = queue.pop(0)
        if struct in found:
            continue
        found.append(struct)
        for hint in typing.get_type_hints(struct).values():
            queue.extend(_inner(hint))
    return found


def _inner(hint: Any) -> list[type]:
    if isinstance(hint, type) and issubclass(hint, msgspec.Struct):
        return [hint]
    return [found for arg in typing.get_args(hint) for found in _inner(arg)]


def _section(struct: type) -> str:
    hints = typing.get_type_hints(struct)
    rows = "\n".join(
        f"<tr><td>{field.encode_name}</td><td>{html.escape(_words(hints[field.name]))}</td>"
        f"<td>{'required' if field.required else ''}</td></tr>"
        for field in msgspec.structs.fields(struct)
    )
    about = html.escape(" ".join((struct.__doc__ or "").split())).replace("`", "")
    return (
        f'<h2 id="{struct.__name__}">{struct.__name__}</h2><p>{about}</p>'
        f"<table><thead><tr><th>field</th><th>holds</th><th></th></tr></thead><tbody>{rows}</tbody></table>"
    )


def _words(hint: Any) -> str:
    origin, args = typing.get_origin(hint), typing.get_args(hint)
    if origin is typing.Literal:
        return " | ".join(map(str, args))
    if origin is tuple:
        return f"list of {_words(args[0])}"
    if origin is dict:
        return "object"
    if args:
        return " or ".join(_words(arg) for arg in args if arg is not type(None))
    names = {"str": "text", "bool": "true or false", "int": "whole number", "Decimal": "number", "Any": "any"}
    return names.get(getattr(hint, "__name__", ""), getattr(hint, "__name__", str(hint)))
