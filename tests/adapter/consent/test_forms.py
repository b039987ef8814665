"""Forms of one thing: through whatever links them, what binds one of them binds all."""

import base64
import hashlib
from pathlib import Path
from typing import Any

import pytest

from adapter.consent.case_facts import items_of
from adapter.consent.facts import Material, Research, Source
from adapter.consent.forms import bound, forms_of_files
from adapter.consent.law import is_administrative, is_part2, is_psychotherapy
from adapter.sources.case_file import load_case
from mappings.fhir.carried import Carried
from mappings.identity import DEFAULT_NAMESPACE
from tests.small_case import BASE, PATIENT, PSYCHOTHERAPY, REPORT, case, export, write

BYTES = b"the words of a note"
DATA, SHA1 = base64.b64encode(BYTES).decode(), base64.b64encode(hashlib.sha1(BYTES).digest()).decode()
PART2 = {"code": "42CFRPart2"}


def _document(
    name: str, attachment: dict[str, Any], label: dict[str, Any] | None = None, **more: Any
) -> dict[str, Any]:
    labels = {"meta": {"security": [label]}} if label else {}
    content = [{"attachment": {"contentType": "text/plain"} | attachment}]
    subject = {"reference": "Patient/p"}
    head = {"resourceType": "DocumentReference", "id": name} | labels
    return head | {"status": "current", "subject": subject, "content": content} | more


def _traces(files: dict[str, bytes], *texts: str) -> list[str]:
    return [path for path, content in files.items() for text in texts if text.encode() in content]


def _items(folder: Path, files: dict[str, Any], **told: Any) -> dict[str, Material]:
    named = {f"fhir/{number}.json": value for number, value in enumerate([PATIENT, *files.values()])}
    extra = told.pop("extra", {})
    loaded = load_case(write(folder / "case", named | extra, case(**told)), DEFAULT_NAMESPACE)
    return {item.id.removeprefix(f"{BASE}/"): item for item in items_of(loaded)}


def test_a_form_of_a_form_is_a_form(tmp_path: Path) -> None:
    number = [{"system": "https://ehr.example/sid/document", "value": "4711"}]
    chain = {
        "a": _document("a", {"data": DATA}, PSYCHOTHERAPY),
        "b": _document("b", {"data": DATA}, identifier=number),
        "c": _document("c", {"data": "b3RoZXI="}, identifier=number),
        "d": _document("d", {"data": "b3RoZXI="}),
        "e": _document("e", {"data": "ZWxzZQ=="}),
    }
    found = _items(tmp_path, chain)
    held = {name[-1]: is_psychotherapy(item) for name, item in found.items() if name.startswith("Document")}
    assert held == {"a": True, "b": True, "c": True, "d": True, "e": False}


PLACES: dict[str, dict[str, Any]] = {
    "presentedForm": REPORT | {"presentedForm": [{"contentType": "text/plain", "data": DATA}]},
    "presentedForm-hash": REPORT | {"presentedForm": [{"url": "https://ehr.example/x.txt", "hash": SHA1}]},
    "media": {
        "resourceType": "Media",
        "id": "m",
        "status": "completed",
        "subject": {"reference": "Patient/p"},
        "content": {"contentType": "text/plain", "data": DATA},
    },
    "contained": REPORT | {"contained": [{"resourceType": "Binary", "id": "x", "contentType": "a/b", "data": DATA}]},
}


@pytest.mark.parametrize("place", PLACES)
def test_the_same_bytes_are_one_thing_in_any_element(place: str, tmp_path: Path) -> None:
    found = _items(tmp_path, {"note": _document("note", {"data": DATA}, PSYCHOTHERAPY), "other": PLACES[place]})
    name = f"{PLACES[place]['resourceType']}/{PLACES[place]['id']}"
    assert is_psychotherapy(found[name])


def test_a_file_and_the_hash_of_its_bytes_are_one_thing(tmp_path: Path) -> None:
    line = {"path": "note.txt", "id": "note", "kind": "psychotherapy_notes"}
    files = {"ref": _document("ref", {"url": "https://ehr.example/note.txt", "hash": SHA1}, PART2)}
    found = _items(tmp_path, files, materials=[line], extra={"note.txt": BYTES})
    for name in ("note", "DocumentReference/ref"):
        assert is_psychotherapy(found[name])
        assert is_part2(found[name])


BINARY = {"resourceType": "Binary", "id": "b", "contentType": "text/plain", "data": DATA}
CONSENT_FORM = {"coding": [{"system": "http://loinc.org", "code": "59284-0"}]}


@pytest.mark.parametrize("bind", [{"label": PSYCHOTHERAPY}, {"label": PART2}, {"type": CONSENT_FORM}])
@pytest.mark.parametrize("other", ["document", "report"])
def test_a_binary_of_something_withheld_goes_with_nothing_else(
    bind: dict[str, Any], other: str, tmp_path: Path
) -> None:
    url = {"url": "Binary/b"}
    shared = _document("open", url) if other == "document" else REPORT | {"presentedForm": [url]}
    files = {"p": PATIENT, "note": _document("note", url, **bind), "binary": BINARY, "shared": shared}
    made = export(tmp_path, {f"fhir/{name}.json": value for name, value in files.items()})
    assert _traces(made, DATA, "Binary/b") == []


def test_a_binary_of_what_is_restricted_goes_with_nothing_else(tmp_path: Path) -> None:
    url = {"url": "Binary/b"}
    files = {"p": PATIENT, "note": _document("note", url), "binary": BINARY, "open": _document("open", url)}
    told = case()
    told["access"]["restrictions"] = [
        {"agreed": True, "blocks_recipient": "org-center", "items": ["DocumentReference/note"]}
    ]
    made = export(tmp_path, {f"fhir/{name}.json": value for name, value in files.items()}, told)
    assert _traces(made, DATA, "Binary/b") == []


def test_a_binary_of_an_administrative_record_is_one(tmp_path: Path) -> None:
    url = {"url": "Binary/b"}
    files = {"form": _document("form", url, type=CONSENT_FORM), "open": _document("open", url), "binary": BINARY}
    found = _items(tmp_path, files)
    assert is_administrative(found["DocumentReference/open"])
    assert "Binary/b" not in found


def test_what_is_said_of_one_form_to_protect_it_holds_of_all() -> None:
    """45 CFR 164.522, 164.524(a)(2)-(3), 164.526(d): the ground is in the content, whichever copy shows it."""
    study, informer = Research(in_progress=True), Source(is_provider=False)
    told = Material(
        id="a", kind="clinical_record", names_other_person=True, restriction_requested=True,
        paid_in_full_out_of_pocket=True, statement_of_disagreement=True, privacy_act_denial_ok=True,
        research=study, source=informer,
    )  # fmt: skip
    plain = Material(id="b", kind="clinical_record", names_other_person=False)
    other = Material(id="c", kind="clinical_record", restriction_requested=False)
    one, two, three = bound((told, plain, other), {"a": frozenset("ab"), "b": frozenset("ab")})
    for item in (one, two):
        assert item.names_other_person is True
        assert item.restriction_requested is True
        assert item.paid_in_full_out_of_pocket is True
        assert item.statement_of_disagreement is True
        assert item.privacy_act_denial_ok is True
        assert (item.research, item.source) == (study, informer)
    assert three is other


def test_files_that_are_no_case_have_forms_too() -> None:
    held = {"resourceType": "Binary", "contentType": "text/plain", "data": DATA}
    url, alias = f"{BASE}/Binary/b", "urn:uuid:0d9e6a0e-0000-4000-8000-000000000001"
    note = _document("n", {"url": alias})
    carried = tuple(
        Carried(unit="u", base=BASE, full_url=f"{BASE}/{one['resourceType']}/{name}", resource=one)
        for name, one in (("b", held), ("n", note), ("x", {"resourceType": "Basic"}), ("y", {"resourceType": "Basic"}))
    )
    same = {f"{BASE}/Basic/x": "one", f"{BASE}/Basic/y": "one"}
    digest = hashlib.sha256(BYTES).hexdigest()
    found = forms_of_files(carried, same, {alias: url}, [("file", ("bytes", digest))])
    assert found[f"{BASE}/Basic/x"] == {f"{BASE}/Basic/x", f"{BASE}/Basic/y"}
    assert found["file"] == {"file", url}
    assert set(found) == {"file", url, f"{BASE}/Basic/x", f"{BASE}/Basic/y"}


def _forms(*resources: dict[str, Any]) -> dict[str, set[str]]:
    """Forms of resources that are no case, by their names a, b, ..."""
    made = [
        Carried(unit="u", base=BASE, full_url=name, resource=one)
        for name, one in zip("abcdef", resources, strict=False)
    ]
    return {name: set(found) for name, found in forms_of_files(tuple(made), {}, {}, ()).items()}


def _numbered(kind: str, **number: Any) -> dict[str, Any]:
    return {"resourceType": kind, "identifier": [number]}


def test_a_number_with_its_issuer_tells_a_document_and_a_uid_tells_a_study() -> None:
    letter = {"system": "urn:x", "value": "7"}
    study = {"system": "urn:dicom:uid", "value": "urn:oid:1.2.3"}
    assert _forms(*[_numbered("DocumentReference", **letter)] * 2) == {"a": {"a", "b"}, "b": {"a", "b"}}
    assert _forms(*[_numbered("ImagingStudy", **study)] * 2) == {"a": {"a", "b"}, "b": {"a", "b"}}


@pytest.mark.parametrize(
    ("kind", "number"),
    [
        ("Observation", {"system": "urn:x", "value": "7"}),
        ("Observation", {"system": "urn:dicom:uid", "value": "urn:oid:1.2.3"}),
        ("DocumentReference", {"value": "7"}),
        ("DocumentReference", {"system": "urn:x", "value": 7}),
        ("ImagingStudy", {"system": "urn:accession", "value": "7"}),
        ("ImagingStudy", {"system": "urn:dicom:uid", "value": None}),
    ],
)
def test_another_number_tells_nothing(kind: str, number: dict[str, Any]) -> None:
    """The number of an Observation may be that of its order, an accession number that of several studies."""
    assert _forms(*[_numbered(kind, **number)] * 2) == {}


def test_bytes_are_read_though_the_text_is_broken_into_lines() -> None:
    lines = f"{DATA[:8]}\n {DATA[8:]}\n"
    found = _forms({"resourceType": "Binary", "data": DATA}, {"resourceType": "Binary", "data": lines})
    assert found == {"a": {"a", "b"}, "b": {"a", "b"}}


def test_two_texts_that_are_no_bytes_are_not_the_same_bytes() -> None:
    assert _forms({"resourceType": "Binary", "data": "A"}, {"resourceType": "Binary", "data": "AAAAB"}) == {}
