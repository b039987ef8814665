"""Forms of one thing: what keeps one of them back keeps the others back, so that nothing goes under another name.

Forms of one thing are units that contradict each other about one resource, DocumentReferences with one number, an
ImagingStudy and the images of its UID, and files, attachments and Binaries of the same bytes.
"""

import base64
import binascii
import hashlib
from collections.abc import Iterable, Iterator, Mapping

import msgspec

from adapter.consent.facts import Material as Item
from adapter.consent.law import BOUND, strict_kinds
from adapter.holding import Loaded
from mappings.fhir.carried import Carried
from mappings.fhir.wire import Json
from mappings.identity import DICOM_UID

Forms = Mapping[str, frozenset[str]]


def forms_of(loaded: Loaded) -> Forms:
    """Name of a thing -> the names of all its forms, its own among them; what has one form only is left out."""
    named: dict[object, set[str]] = {}
    for name, thing in _things(loaded):
        named.setdefault(thing, set()).add(name)
    found: dict[str, set[str]] = {}
    for names in (names for names in named.values() if len(names) > 1):
        for name in names:
            found.setdefault(name, set()).update(names)
    return {name: frozenset(names) for name, names in found.items()}


def every_form(names: Iterable[str], forms: Forms) -> tuple[str, ...]:
    """The names and those of all other forms, each once."""
    return tuple(dict.fromkeys(form for name in names for form in (name, *sorted(forms.get(name, ())))))


def bound(items: tuple[Item, ...], forms: Forms) -> tuple[Item, ...]:
    """The items, each as strict in law as the strictest of its forms."""
    by_id = {item.id: item for item in items}
    return tuple(_strictest(item, [by_id[n] for n in sorted(forms.get(item.id, ())) if n in by_id]) for item in items)


def _strictest(item: Item, others: list[Item]) -> Item:
    if not others:
        return item
    strict = [kind for one in (item, *others) for kind in (one.kind, *one.also) if kind in BOUND]
    kind, also = strict_kinds(*strict) if strict else (item.kind, item.also)
    classes = [name for one in (item, *others) for name in (one.data_class, *one.data_classes) if name]
    part2 = True if any(one.part2 for one in others) else item.part2
    return msgspec.structs.replace(item, kind=kind, also=also, part2=part2, data_classes=tuple(dict.fromkeys(classes)))


def _things(loaded: Loaded) -> Iterator[tuple[str, object]]:
    for item in loaded.carried:
        yield item.full_url, loaded.contested.get(item.full_url, item.full_url)
        yield from ((item.full_url, thing) for thing in (*_numbers(item), *_bytes(item)))
    yield from ((study.id, ("study", study.uid)) for study in loaded.case.studies)
    yield from ((document.id, ("bytes", document.sha256)) for document in loaded.case.documents)


def _numbers(item: Carried) -> Iterator[object]:
    told = [item.resource.get("masterIdentifier"), *_list(item.resource, "identifier")]
    pairs = [(n.get("system"), n.get("value")) for n in told if isinstance(n, dict)]
    for system, value in pairs:
        if item.type == "DocumentReference" and isinstance(system, str) and isinstance(value, str):
            yield system, value
        if item.type == "ImagingStudy" and system == DICOM_UID and isinstance(value, str):
            yield "study", value.removeprefix("urn:oid:")


def _bytes(item: Carried) -> Iterator[object]:
    inside = [one.get("attachment") for one in _list(item.resource, "content") if isinstance(one, dict)]
    holders = inside if item.type == "DocumentReference" else [item.resource] if item.type == "Binary" else []
    for holder in holders:
        data = holder.get("data") if isinstance(holder, dict) else None
        try:
            raw = base64.b64decode(data, validate=False) if isinstance(data, str) else b""
        except (binascii.Error, ValueError):
            continue
        if raw:
            yield "bytes", hashlib.sha256(raw).hexdigest()


def _list(resource: Json, member: str) -> list[object]:
    held = resource.get(member)
    return held if isinstance(held, list) else []
