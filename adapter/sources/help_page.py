"""case.help.html: every field of case.json explained, generated from the format itself and `fields.toml`."""

import html
import tomllib
import typing
from functools import cache
from importlib.resources import files
from typing import Any

import msgspec

from adapter.consent.law import kinds
from adapter.consent.representative import OF_THE_DEAD, OF_THE_LIVING
from adapter.consent.words import PURPOSES, RECIPIENTS, REQUESTERS
from mappings.domain.case import Case

ANY = "any"
STYLE = """
:root{color-scheme:light dark;--line:#8884;--dim:#767676}
body{font:16px/1.5 system-ui,sans-serif;max-width:64rem;margin:2rem auto;padding:0 1rem}
h1{margin-bottom:.3rem}h2{margin:2.5rem 0 .2rem;padding-top:.5rem;border-top:2px solid var(--line)}
table{border-collapse:collapse;width:100%;margin-top:.5rem}
th,td{text-align:left;padding:.35rem .8rem .35rem 0;border-bottom:1px solid var(--line);vertical-align:top}
th{font-weight:600;color:var(--dim);font-size:.85rem}
td:first-child,code{font-family:ui-monospace,monospace;font-size:.92em}td:first-child{white-space:nowrap}
td:nth-child(2){width:34%}nav{columns:3 11rem;margin:1rem 0}nav a{display:block}
.must{color:#b3261e;font:600 .75rem system-ui,sans-serif;display:block}.note{color:var(--dim);display:block}
@media(prefers-color-scheme:dark){body{background:#121212;color:#e6e6e6}a{color:#8ab4f8}.must{color:#f2b8b5}
:root{--dim:#a0a0a0}}
@media print{nav{display:none}h2,tr{break-inside:avoid}}
"""
INTRODUCTION = """
<p>Fields marked <b>required</b> must be there. Leave out what you do not know, and never fill a gap with a guess:
what is unknown is asked for, what is guessed is believed.</p>
<p>Dates are as precise as they are known: <code>2026</code>, <code>2026-01</code>, <code>2026-01-15</code>.
A time carries its UTC offset: <code>2026-01-15T09:30:00-05:00</code>.
A <i>local name</i> is the <code>id</code> of another entry of the same file (<code>patient</code> is the patient);
what came as FHIR is named by <code>Type/id</code>. Files lie in the same folder as <code>case.json</code>, in folders
of your choice.</p>
<p>When it is filled in: <code>second-opinion check FOLDER</code> says what may go, what may not, and what is
missing.</p>
"""


def help_page() -> str:
    """The page: one table a struct, one row a field, with links between structs."""
    structs = _structs(Case)
    contents = "".join(f'<a href="#{struct.__name__}">{struct.__name__}</a>' for struct in structs)
    sections = "\n".join(_section(struct) for struct in structs)
    return (
        '<!doctype html>\n<html lang="en"><head><meta charset="utf-8"><title>case.json, field by field</title>\n'
        f'<meta name="viewport" content="width=device-width"><style>{STYLE}</style></head>\n'
        f"<body><h1>case.json, field by field</h1>{INTRODUCTION}<nav>{contents}</nav>\n{sections}\n</body></html>\n"
    )


def field_note(struct: type, name: str) -> str:
    """What `fields.toml` says of a field, or nothing."""
    told = field_notes()
    return told.get(struct.__name__, {}).get(name) or told[ANY].get(name, "")


@cache
def field_notes() -> dict[str, dict[str, str]]:
    """fields.toml: explanations by struct and field."""
    return tomllib.loads(files("adapter.sources").joinpath("fields.toml").read_text(encoding="utf-8"))


@cache
def _words() -> dict[str, tuple[str, ...]]:
    """The words of fields that are texts in the format, so that an unknown word waits and is not refused."""
    return {
        "Access.requester": tuple(sorted(REQUESTERS)),
        "Access.recipient": tuple(sorted(RECIPIENTS)),
        "Access.purpose": tuple(sorted(PURPOSES)),
        "Representation.type": tuple(sorted(OF_THE_LIVING | OF_THE_DEAD)),
        "Material.kind": tuple(kinds()),
    }


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
    rows = "\n".join(_row(struct, field, hints[field.name]) for field in msgspec.structs.fields(struct))
    about = _code(" ".join((struct.__doc__ or "").split()))
    return (
        f'<h2 id="{struct.__name__}">{struct.__name__}</h2><p>{about}</p>'
        f"<table><thead><tr><th>field</th><th>holds</th><th>means</th></tr></thead><tbody>{rows}</tbody></table>"
    )


def _row(struct: type, field: msgspec.structs.FieldInfo, hint: Any) -> str:
    must = '<span class="must">required</span>' if field.required else ""
    default = field.default
    told = default not in (None, msgspec.NODEFAULT, (), "") and not field.required
    standard = f'<span class="note">left out: {html.escape(_json(default))}</span>' if told else ""
    words = _words().get(f"{struct.__name__}.{field.name}")
    holds = html.escape(" | ".join(words)) if words else _holds(hint)
    return (
        f"<tr><td>{html.escape(field.encode_name)}{must}</td><td>{holds}{standard}</td>"
        f"<td>{_code(field_note(struct, field.encode_name))}</td></tr>"
    )


def _json(value: Any) -> str:
    return msgspec.json.encode(value).decode()


def _code(text: str) -> str:
    """Text with what stands between backticks as code."""
    parts = html.escape(text).split("`")
    return "".join(f"<code>{part}</code>" if number % 2 else part for number, part in enumerate(parts))


def _holds(hint: Any) -> str:
    """What a field holds, in words; a struct is a link to its table."""
    origin, args = typing.get_origin(hint), typing.get_args(hint)
    if origin is typing.Literal:
        return html.escape(" | ".join(map(str, args)))
    if origin is tuple:
        return f"list of {_holds(args[0])}"
    if args:
        return " or ".join(_holds(arg) for arg in args if arg is not type(None))
    if _inner(hint):
        return f'<a href="#{hint.__name__}">{hint.__name__}</a>'
    names = {"str": "text", "bool": "true or false", "int": "whole number", "Decimal": "number"}
    dates = {"PartialDate": "date", "Moment": "date or time"}
    name: str = hint.__name__
    return (names | dates).get(name, name)
