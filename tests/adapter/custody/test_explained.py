"""What `explain custody` says is what the policy holds."""

import json
from pathlib import Path

from adapter.custody.explained import policy_lines, scheme_lines
from tests.adapter.cli.command import run
from tests.adapter.custody.given import DAY, write


def test_the_policy_is_told_with_a_deployments_own(tmp_path: Path) -> None:
    own = write(
        tmp_path,
        '[[retention]]\nid = "state"\neffective_from = 2026-01-01\nregime = "state"\nmaterial = "slide"\n'
        'keep = "P20Y"\nstart = "examination"\ncitation = "State code 1"\n'
        "[[release]]\neffective_from = 2026-02-01\nrecuts_first = false\n",
    )
    lines = {line["rule"]: line for line in policy_lines(DAY, own)}
    assert len(lines) == 9 + 8
    assert (lines["state"]["value"], lines["state"]["paragraph"]) == (
        "slide: P20Y from the examination",
        "State code 1",
    )
    assert lines["clia-block"]["means"] == "clia, seen in a text"
    assert lines["state"]["means"] == "state"
    assert (lines["recuts_first"]["value"], lines["recuts_first"]["since"]) == ("false", "2026-02-01")
    assert lines["recuts_first"]["turned"] == "The original is lent."


def test_the_command_prints_it_and_the_schemes(tmp_path: Path) -> None:
    rules = json.loads(run(tmp_path, "explain", "custody", "--json").out)
    assert [line["rule"] for line in rules][:2] == ["clia-block", "clia-slide"]
    (tmp_path / "second-opinion.toml").write_text('custody = "none.toml"\n')
    assert run(tmp_path, "explain", "custody").code == 1
    assert run(tmp_path, "explain", "custody", "--labels").out.splitlines()[1].split()[0] == "dash"
    assert [line["example"] for line in scheme_lines()][:2] == ["S26-1234-A1-2", "S26-1234-A1"]
