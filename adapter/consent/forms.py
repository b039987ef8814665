"""Forms of one thing: what keeps one of them back keeps the others back, so that nothing goes under another name.

Forms of one thing are units that contradict each other about one resource, DocumentReferences with one number, an
ImagingStudy and the images of its UID, files, attachments (in any element) and Binaries of the same bytes, and what has
one Binary as its attachment. A form of a form is a form.
"""

import base64
import binascii
import hashlib
from collections.abc import Iterable, Iterator, Mapping

import msgspec

from adapter.consent.facts import Material as Item
from adapter.consent.law import BOUND, STRICT
from adapter.holding import Loaded
from mappings.fhir.carried import Carried, pointers
from mappings.fhir.wire import Json
from mappings.identity import DICOM_UID

Forms = Mapping[str, frozenset[str]]
Named = tuple[str, object]
"""The name of a thing, and what is the same for all its forms."""


def forms_of(loaded: Loaded) -> Forms:
    """Name of a thing -> the names of all its forms, its own among them; what has one form only is left out."""
    return _joined(_things(loaded))


def forms_of_files(
    carried: tuple[Carried, ...], contested: Mapping[str, str], aliases: Mapping[str, str], more: Iterable[Named]
) -> Forms:
    """As `forms_of`, of files that are no case; `more` are (name, thing) of what did not come as FHIR."""
    return _joined((*_resources(carried, contested, aliases), *more))


def _joined(things: Iterable[Named]) -> Forms:
    named: dict[object, set[str]] = {}
    for name, thing in things:
        named.setdefault(thing, set()).add(name)
    found: dict[str, set[str]] = {}
    for names in (names for names in named.values() if len(names) > 1):
        joined = set(names).union(*(found.get(name, ()) for name in names))
        found.update(dict.fromkeys(joined, joined))
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
    strict = [kind for one in (item, *others) for kind in (one.kind, *one.also) if kind in STRICT]
    bound_to = next((kind for kind in strict if kind in BOUND), None)
    kind = bound_to or item.kind
    also = tuple(dict.fromkeys(name for name in (*item.also, *strict) if name and name != kind))
    classes = [name for one in (item, *others) for name in (one.data_class, *one.data_classes) if name]
    part2 = True if any(one.part2 for one in others) else item.part2
    in_drs = False if any(one.in_drs is False for one in others) else item.in_drs
    told = {"kind": kind, "also": also, "part2": part2, "in_drs": in_drs, **_protections(item, others)}
    return msgspec.structs.replace(item, **told, data_classes=tuple(dict.fromkeys(classes)))


PROTECTS = (
    "names_other_person", "restriction_requested", "paid_in_full_out_of_pocket", "statement_of_disagreement",
    "privacy_act_denial_ok",
)  # fmt: skip
"""Facts of the content that may keep an item back: said of one form, they hold of all."""


def _protections(item: Item, others: list[Item]) -> dict[str, object]:
    found: dict[str, object] = {
        name: True for name in PROTECTS if any(getattr(one, name) is True for one in (item, *others))
    }
    for name in ("research", "source"):
        found[name] = next((held for one in (item, *others) if (held := getattr(one, name)) is not None), None)
    return found


def _things(loaded: Loaded) -> Iterator[Named]:
    yield from _resources((*loaded.carried, *loaded.unread), loaded.contested, loaded.aliases)
    yield from ((study.id, ("study", study.uid)) for study in loaded.case.studies)
    yield from ((document.id, ("bytes", document.sha256)) for document in loaded.case.documents)
    yield from ((name, ("bytes", file.sha1.hex())) for name, file in loaded.documents.items())


def _resources(
    carried: tuple[Carried, ...], contested: Mapping[str, str], aliases: Mapping[str, str]
) -> Iterator[Named]:
    binaries = {item.full_url for item in carried if item.type == "Binary"}
    for item in carried:
        yield item.full_url, contested.get(item.full_url, item.full_url)
        yield from ((item.full_url, thing) for thing in (*_numbers(item), *_bytes(item)))
        for _, member, text in pointers(item.resource):
            url = aliases.get(item.resolve(text), item.resolve(text))
            if member == "url" and url in binaries:
                yield item.full_url, ("attachment", url)


def _numbers(item: Carried) -> Iterator[object]:
    told = [item.resource.get("masterIdentifier"), *_list(item.resource, "identifier")]
    pairs = [(n.get("system"), n.get("value")) for n in told if isinstance(n, dict)]
    for system, value in pairs:
        if item.type == "DocumentReference" and isinstance(system, str) and isinstance(value, str):
            yield system, value
        if item.type == "ImagingStudy" and system == DICOM_UID and isinstance(value, str):
            yield "study", value.removeprefix("urn:oid:")


def _bytes(item: Carried) -> Iterator[object]:
    """What the contents are, by SHA-256 and SHA-1: R4 says an attachment's hash by the latter."""
    for held in _contents(item.resource):
        data, told = held.get("data"), held.get("hash")
        if raw := _decoded(data):
            yield "bytes", hashlib.sha256(raw).hexdigest()
            yield "bytes", hashlib.sha1(raw, usedforsecurity=False).hexdigest()
        if told_hash := _decoded(told):
            yield "bytes", told_hash.hex()


def _decoded(text: object) -> bytes:
    try:
        return base64.b64decode(text, validate=False) if isinstance(text, str) else b""
    except (binascii.Error, ValueError):
        return b""


def _contents(resource: Json) -> Iterator[Json]:
    """Every object at any depth that holds bytes or their hash: an Attachment, or a Binary."""
    stack: list[object] = [resource]
    while stack:
        value = stack.pop()
        if isinstance(value, list):
            stack.extend(value)
        elif isinstance(value, dict):
            if "data" in value or "hash" in value:
                yield value
            stack.extend(inner for inner in value.values() if isinstance(inner, (dict, list)))


def _list(resource: Json, member: str) -> list[object]:
    held = resource.get(member)
    return held if isinstance(held, list) else []
