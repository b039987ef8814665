"""What is given wrong is told for what it is, at its place; nothing half-done stays."""

import json
import resource
import subprocess
import sys
from pathlib import Path

from tests.adapter.cli.command import FIXTURES, ROOT, case, run

FACTS = FIXTURES / "facts" / "pend.json"


def limited(folder: Path, most: int, *arguments: str) -> tuple[int, str]:
    """A run that may write files of so many bytes at most."""
    done = subprocess.run(
        [sys.executable, "-c", "from adapter.cli import main; main(prog_name='second-opinion')", *arguments],
        cwd=folder,
        env={
            "PATH": "/usr/bin:/bin",
            "HOME": str(folder),
            "PYTHONPATH": str(ROOT),
            "PYTHONDONTWRITEBYTECODE": "1",  # what is cut off there stays for every later run
            "LC_ALL": "C.UTF-8",
        },
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (most, most)),
        capture_output=True,
        check=False,
    )
    return done.returncode, done.stderr.decode()


def test_facts_that_are_cut_off_are_told_at_their_end(tmp_path: Path) -> None:
    (tmp_path / "cut.json").write_bytes(FACTS.read_bytes()[:200])
    done = run(tmp_path, "decide", "cut.json")
    assert (done.code, done.out) == (1, "")
    assert done.err.startswith(
        "error: cut.json line 8 column 28: is not JSON: it ends here while what begins at line 1"
    )


def test_a_line_of_facts_is_told_by_its_number(tmp_path: Path) -> None:
    one = json.dumps({"id": "a", "facts": json.loads(FACTS.read_bytes())})
    (tmp_path / "facts.ndjson").write_text(f"{one}\n\n{one[:-1]}\n", encoding="utf-8")
    done = run(tmp_path, "decide", "facts.ndjson")
    assert (done.code, done.out) == (1, "")
    assert done.err.startswith("error: facts.ndjson line 3: line 1 column ")


def test_custody_of_what_cannot_be_read_says_nothing_of_what_is_there(tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    done = run(tmp_path, "custody", "empty")
    assert (done.code, done.out) == (1, "")


def test_a_folder_without_a_file_is_not_converted(tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    done = run(tmp_path, "convert", "empty", "--to", "made")
    assert (done.code, done.out) == (1, "")
    assert done.err == "error: PATH: holds no file: there is nothing to convert [convert.nothing]\n"
    assert not (tmp_path / "made").exists()


def test_without_room_nothing_half_done_stays_and_no_zip_is_blamed(tmp_path: Path) -> None:
    place = case(tmp_path, "svc-syndrome")
    assert run(tmp_path, "export", place, "--to", "out.zip").code == 0
    said = "error: File too large; raise the limit of file sizes here, or name another place [os.27]\n"
    assert limited(tmp_path, 4096, "convert", str(place), "--to", "made") == (1, said)
    assert list((tmp_path / "made").iterdir()) == []
    code, told = limited(tmp_path, 4096, "import", "out.zip", "--to", "back")
    assert (code, "File too large" in told, "send it again" in told) == (1, True, False)
    assert not (tmp_path / "back").exists()
