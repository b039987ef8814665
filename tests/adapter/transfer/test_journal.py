"""What is in the journal happened; a cut-off line counts for nothing; one process has it at a time."""

from pathlib import Path

import pytest

from adapter.errors import exit_code
from adapter.transfer.journal import Journal, Line, fetch_state, journal_of
from mappings.problems import ProblemError

ONE = Line(event="stored", uid="1.2", sha256="a")
TWO = Line(event="stored", uid="1.3", sha256="b")


def test_lines_are_there_when_it_is_opened_again(tmp_path: Path) -> None:
    with Journal(tmp_path / "j", "x") as journal:
        journal.add([ONE])
        journal.add([TWO])
    with Journal(tmp_path / "j", "x") as journal:
        assert journal.lines == [ONE, TWO]
        assert journal.of("stored") == {("1.2", "a"): ONE, ("1.3", "b"): TWO}
        assert journal.of("proved") == {}


def test_a_line_that_was_cut_off_counts_for_nothing(tmp_path: Path) -> None:
    place = tmp_path / "j"
    with Journal(place, "x") as journal:
        journal.add([ONE, TWO])
    whole = place.read_bytes()
    place.write_bytes(whole[:-5])
    with Journal(place, "x") as journal:
        assert journal.lines == [ONE]
        journal.add([TWO])
    assert place.read_bytes() == whole


@pytest.mark.parametrize("length", [0, 1, 20, 60])
def test_one_that_was_cut_off_at_its_start_begins_anew(length: int, tmp_path: Path) -> None:
    place = tmp_path / "j"
    Journal(place, "x").__exit__(None, None, None)
    whole = place.read_bytes()
    place.write_bytes(whole[:length])
    Journal(place, "x").__exit__(None, None, None)
    assert place.read_bytes() == whole


@pytest.mark.parametrize(
    "content", [b"my letter", b"my letter\n", b'{"format":"second-opinion-transfer/2","about":""}\n']
)
def test_somebody_s_file_is_not_touched(content: bytes, tmp_path: Path) -> None:
    (tmp_path / "j").write_bytes(content)
    with pytest.raises(ProblemError, match="is no journal of this transfer"):
        Journal(tmp_path / "j", "x")
    assert (tmp_path / "j").read_bytes() == content


def test_a_journal_of_another_transfer_is_refused(tmp_path: Path) -> None:
    Journal(tmp_path / "j", "x").__exit__(None, None, None)
    with pytest.raises(ProblemError, match="is no journal of this transfer"):
        Journal(tmp_path / "j", "y")


def test_two_runs_do_not_share_it(tmp_path: Path) -> None:
    with Journal(tmp_path / "j", "x"), pytest.raises(ProblemError, match="held by another run") as caught:
        Journal(tmp_path / "j", "x")
    assert exit_code(caught.value) == 5


def test_what_it_is_about_is_not_told(tmp_path: Path) -> None:
    Journal(tmp_path / "j", "case Rosebud").__exit__(None, None, None)
    assert b"Rosebud" not in (tmp_path / "j").read_bytes()


def test_whether_a_fetch_came_to_its_end(tmp_path: Path) -> None:
    place = journal_of(tmp_path / "dicom")
    assert place == tmp_path / "dicom.fetch.jsonl"
    with Journal(place, "x") as journal:
        assert fetch_state(place) == "open"
        journal.add([ONE])
        assert fetch_state(place) == "open"
        journal.add([Line(event="complete")])
        assert fetch_state(place) == "complete"
        journal.add([TWO])
        assert fetch_state(place) == "open"
    (tmp_path / "b.fetch.jsonl").write_text("x")
    assert [fetch_state(tmp_path / name) for name in ("b.fetch.jsonl", "j", "none.fetch.jsonl")] == [None] * 3


def test_one_in_which_nothing_happened_goes_where_that_says_nothing(tmp_path: Path) -> None:
    place = tmp_path / "j"
    with Journal(place, "x", begun=False):
        assert place.is_file()
    assert not place.exists()
    with Journal(place, "x", begun=False) as journal:
        journal.add([ONE])
    with Journal(place, "x", begun=False) as journal:
        assert journal.lines == [ONE]
    assert place.is_file()


def test_one_that_was_taken_away_meanwhile_is_not_written_to(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    place = tmp_path / "j"

    def gone(*_: object) -> None:
        place.unlink()
        place.write_bytes(b"")

    monkeypatch.setattr("fcntl.flock", gone)
    with pytest.raises(ProblemError, match="is held by another run") as caught:
        Journal(place, "x")
    assert exit_code(caught.value) == 5
    assert place.read_bytes() == b""
