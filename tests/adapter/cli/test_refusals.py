"""What check and export say where they are refused: words on stderr, JSON on stdout where it was asked for."""

import json
from pathlib import Path

from tests.adapter.cli.command import case, change, run
from tests.adapter.test_strict import SOUND, SPOILT
from tests.small_case import write


def test_check_takes_strict_as_export_does(tmp_path: Path) -> None:
    spoilt, sound = write(tmp_path / "spoilt", SPOILT), write(tmp_path / "sound", SOUND)
    assert run(tmp_path, "check", spoilt).code == 0
    done = run(tmp_path, "check", spoilt, "--strict")
    assert (done.code, done.out) == (1, "")
    assert done.err.startswith("error: target_strict: is set to strict (by the settings or by --strict)")
    assert "nothing was written" not in done.err
    assert run(tmp_path, "check", sound, "--strict").code == 0


def test_what_is_refused_is_json_too_where_that_was_asked_for(tmp_path: Path) -> None:
    spoilt = write(tmp_path / "spoilt", SPOILT)
    for command in (("check",), ("export", "--to", "out")):
        done = run(tmp_path, command[0], spoilt, *command[1:], "--strict", "--json")
        assert done.code == 1
        assert done.json["problems"][0]["rule"] == "target.strict"
        assert "[target.strict]" in done.err
    broken = change(case(tmp_path, "svc-syndrome"), request=3)
    assert {found["severity"] for found in run(tmp_path, "check", broken, "--json").json["problems"]} == {"error"}


def test_a_refusal_by_law_is_one_json_object(tmp_path: Path) -> None:
    place = change(case(tmp_path, "svc-syndrome"), access=None)
    done = run(tmp_path, "export", place, "--to", "out", "--json")
    assert done.code == 3
    assert json.loads(done.out)["outcome"] == "pend"
