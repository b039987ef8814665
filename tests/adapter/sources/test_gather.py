"""Every file and folder is on the account, with a name that can be printed; what a Bundle says is not lost silently."""

import os
from pathlib import Path
from typing import Any

import pytest

from adapter.sources.case_file import load_case
from adapter.sources.files import printable, walk
from adapter.sources.gather import Gathered, gather
from mappings.identity import DEFAULT_NAMESPACE
from tests.small_case import BASE, PATIENT, PSYCHOTHERAPY, REPORT, write

PDF = b"%PDF-1.4"


def gathered(root: Path, skip: frozenset[str] = frozenset()) -> Gathered:
    return gather(root, DEFAULT_NAMESPACE, "case", skip=skip)


def said(found: Gathered) -> list[tuple[str, bool, list[str]]]:
    return sorted((d.source, d.refused, [p.message for p in d.problems]) for d in found.drafts)


def test_folders_that_are_not_read_are_on_the_account(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "case/real").mkdir(parents=True)
    (tmp_path / "case/locked").mkdir()
    (tmp_path / "outside").mkdir()
    (tmp_path / "case/inner").symlink_to("real")
    (tmp_path / "case/outer").symlink_to(tmp_path / "outside")
    (tmp_path / "case/loop").symlink_to("loop")
    scandir = os.scandir

    def locked(path: Any) -> Any:
        if str(path).endswith("locked"):
            raise PermissionError(13, "Permission denied", str(path))
        return scandir(path)

    monkeypatch.setattr(os, "scandir", locked)
    found = said(gathered(tmp_path / "case"))
    linked = "is a link to a folder, which is not followed; copy the folder itself here"
    assert [(source, refused) for source, refused, _ in found] == [
        ("inner", True),
        ("locked", True),
        ("loop", True),
        ("outer", True),
    ]
    assert [messages for _, _, messages in found if messages[0] == linked] == [[linked], [linked]]
    assert found[1][2] == ["is a folder that cannot be read; check its permissions"]


def test_a_folder_that_cannot_be_read_at_all_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def locked(path: Any) -> Any:
        raise PermissionError(13, "Permission denied", str(path))

    monkeypatch.setattr(os, "scandir", locked)
    assert [(draft.source, draft.refused) for draft in gathered(tmp_path).drafts] == [(".", True)]


def test_names_that_are_no_text_are_escaped(tmp_path: Path) -> None:
    for name in (b"bad\xff.pdf", b"esc\x1b[31m\n.pdf", "turned\u202efdp.exe".encode(), "naïve å.pdf".encode()):
        Path(os.fsdecode(os.fsencode(tmp_path) + b"/" + name)).write_bytes(PDF)
    names = sorted(file.path for file in gathered(tmp_path).opaque)
    assert names == ["bad\\xff.pdf", "esc\\x1b[31m\\n.pdf", "naïve å.pdf", "turned\\u202efdp.exe"]


def test_two_names_that_are_written_alike_stay_two(tmp_path: Path) -> None:
    for name in (b"bad\xff.pdf", b"bad\\xff.pdf"):
        Path(os.fsdecode(os.fsencode(tmp_path) + b"/" + name)).write_bytes(PDF)
    assert sorted(file.path for file in gathered(tmp_path).opaque) == ["bad\\xff.pdf", "bad\\xff.pdf~"]


def test_a_name_is_printed_as_text() -> None:
    assert printable("a\x1b[0m\r\u2066b\udcff") == "a\\x1b[0m\\r\\u2066b\\xff"
    assert printable("Müller 東京 (1).pdf") == "Müller 東京 (1).pdf"


def test_a_link_that_leads_to_itself_is_no_crash(tmp_path: Path) -> None:
    (tmp_path / "loop").symlink_to("loop")
    [(path, problem)] = [found for found in walk(tmp_path) if isinstance(found, tuple)]
    assert (path, problem.rule, problem.stops) == ("loop", "source.file", True)


def test_only_pages_of_ours_are_skipped(tmp_path: Path) -> None:
    (tmp_path / "case.help.html").write_text("<html><body>a letter</body></html>", encoding="utf-8")
    skip = frozenset(("case.help.html", "case.schema.json"))
    assert [file.path for file in gathered(tmp_path, skip).opaque] == ["case.help.html"]


# --- Bundles


def bundle(*entries: dict[str, Any], **members: Any) -> dict[str, Any]:
    return {"resourceType": "Bundle", "type": "collection", **members, "entry": list(entries)}


def read(tmp_path: Path, **files: dict[str, Any]) -> Gathered:
    return gathered(write(tmp_path / "case", {f"{name}.json": value for name, value in files.items()}))


def drafts(found: Gathered) -> dict[str, list[str]]:
    return {d.source: [p.message for p in d.problems] for d in found.drafts if d.problems}


def test_an_empty_bundle_is_on_the_account(tmp_path: Path) -> None:
    assert drafts(read(tmp_path, empty=bundle())) == {
        "empty.json": ["is a Bundle without entries; there is nothing to carry"]
    }


def test_what_a_bundle_says_of_itself_and_of_its_entries_is_said_not_to_be_carried(tmp_path: Path) -> None:
    entry = {"fullUrl": f"{BASE}/Patient/p", "resource": PATIENT, "request": {"method": "PUT", "url": "Patient/p"}}
    other = {"fullUrl": f"{BASE}/DiagnosticReport/report", "resource": REPORT}
    made = bundle(entry, other, identifier={"value": "x"}, timestamp="2026-01-01T00:00:00Z")
    assert drafts(read(tmp_path, b=made)) == {
        "b.json#entry[0]": [
            "says request of its entry, not of a resource; that is not carried",
            "says identifier, timestamp of its Bundle, not of a resource; that is not carried",
        ]
    }


def test_labels_of_a_bundle_bind_every_entry(tmp_path: Path) -> None:
    entries = ({"resource": PATIENT}, {"resource": REPORT})
    found = read(tmp_path, b=bundle(*entries, meta={"security": [PSYCHOTHERAPY]}))
    assert [(item.type, item.labels) for item in found.carried] == [
        ("DiagnosticReport", (PSYCHOTHERAPY,)),
        ("Patient", (PSYCHOTHERAPY,)),
    ]
    assert drafts(found) == {}


def test_labels_of_a_bundle_bind_what_came_without_it_too(tmp_path: Path) -> None:
    entry = {"fullUrl": f"{BASE}/Patient/p", "resource": PATIENT}
    for order in (("a", "b"), ("b", "a")):
        found = read(
            tmp_path / order[0],
            **{order[0]: bundle(entry), order[1]: bundle(entry, meta={"security": [PSYCHOTHERAPY]})},
        )
        assert [item.labels for item in found.carried] == [(PSYCHOTHERAPY,)]


def test_a_case_with_such_a_name_loads(tmp_path: Path) -> None:
    folder = write(tmp_path / "case", {"fhir/p.json": PATIENT})
    Path(os.fsdecode(os.fsencode(folder) + b"/fhir/bad\xff.json")).write_bytes(b'{"resourceType":"Observation"}')
    loaded = load_case(folder, DEFAULT_NAMESPACE)
    assert [draft.source for draft in loaded.drafts] == ["fhir/bad\\xff.json", "fhir/p.json"]
