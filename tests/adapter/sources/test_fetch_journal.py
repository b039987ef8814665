"""The journal of a fetch that lies in a case is no material of the case, and says where images are missing."""

from pathlib import Path

from adapter.sources.gather import gather
from adapter.transfer.journal import Journal, Line, journal_of
from mappings.identity import DEFAULT_NAMESPACE
from tests.dicom_files import dataset, write


def filled(case: Path, *events: Line) -> Path:
    write(case / "dicom" / "1.dcm", dataset())
    with Journal(journal_of(case / "dicom"), "x") as journal:
        journal.add(events)
    return case


def test_a_finished_one_is_left_aside(tmp_path: Path) -> None:
    case = filled(tmp_path, Line(event="fetched", uid="1.2.3.1.1"), Line(event="complete"))
    found = gather(case, DEFAULT_NAMESPACE, "case")
    assert ([file.path for file in found.images], found.opaque, found.drafts) == (["dicom/1.dcm"], (), ())


def test_an_unfinished_one_is_a_refused_unit(tmp_path: Path) -> None:
    found = gather(filled(tmp_path, Line(event="fetched", uid="1.2.3.1.1")), DEFAULT_NAMESPACE, "case")
    (draft,) = found.drafts
    assert (draft.source, draft.refused, [p.rule for p in draft.problems]) == (
        "dicom.fetch.jsonl", True, ["fetch.complete"],
    )  # fmt: skip


def test_one_that_was_cut_off_is_unfinished(tmp_path: Path) -> None:
    case = filled(tmp_path, Line(event="complete"))
    journal = journal_of(case / "dicom")
    journal.write_bytes(journal.read_bytes()[:-3])
    assert [draft.refused for draft in gather(case, DEFAULT_NAMESPACE, "case").drafts] == [True]


def test_another_file_of_that_name_is_what_it_is(tmp_path: Path) -> None:
    (tmp_path / "dicom.fetch.jsonl").write_text("a letter\n")
    assert [file.path for file in gather(tmp_path, DEFAULT_NAMESPACE, "case").opaque] == ["dicom.fetch.jsonl"]
