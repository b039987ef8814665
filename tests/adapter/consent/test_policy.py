"""A deployment's own table of switches: what it turns stays turned, and what it says wrongly is refused."""

import datetime as dt
import json
from pathlib import Path

import pytest
from click.testing import CliRunner

from adapter.cli.decide import decide_command
from adapter.cli.explain import explain_command
from adapter.consent.decide import decide
from adapter.consent.facts import facts_from
from adapter.consent.policy import load_policy, policies_of, policy_for
from mappings.problems import ProblemError
from tests.adapter.consent.given import ACCESS, REPORT, SLIDE

ASKED = facts_from(ACCESS | {"materials": [REPORT, SLIDE]})


def _table(folder: Path, text: str) -> Path:
    path = folder / "switches.toml"
    path.write_text(text, encoding="utf-8")
    return path


def test_without_a_table_the_packaged_policies_hold() -> None:
    assert policies_of(None) == load_policy()


def test_a_switch_is_turned_from_its_day_on(tmp_path: Path) -> None:
    own = policies_of(_table(tmp_path, "[[policy]]\neffective_from = 2026-02-01\nspecimens_in_drs = true\n"))
    assert policy_for(dt.date(2026, 1, 31), own).specimens_in_drs is False
    assert policy_for(dt.date(2026, 2, 1), own).specimens_in_drs is True
    assert decide(ASKED, policy_for(dt.date(2026, 1, 31), own)).released == ("report",)
    assert decide(ASKED, policy_for(dt.date(2026, 3, 2), own)).released == ("report", "slide")
    assert policy_for(dt.date(2026, 3, 2), own).part2_tpo_single_consent is True


def test_a_later_packaged_table_does_not_turn_it_back(tmp_path: Path) -> None:
    own = policies_of(_table(tmp_path, "[[policy]]\neffective_from = 2019-01-01\ndirective_needs_ehr = false\n"))
    assert policy_for(dt.date(2026, 3, 2), own).directive_needs_ehr is False
    assert [policy.effective_from.isoformat() for policy in own] == [
        "2014-10-06", "2019-01-01", "2020-01-23", "2024-04-16",
    ]  # fmt: skip


def test_a_rule_of_a_state_stands_in_the_table(tmp_path: Path) -> None:
    text = "[[policy]]\neffective_from = 2024-04-16\n[policy.state_rules.hiv]\nwritten_consent_required = true\n"
    rule = policy_for(dt.date(2026, 3, 2), policies_of(_table(tmp_path, text))).state_rules["hiv"]
    assert rule.written_consent_required is True


@pytest.mark.parametrize(
    "text",
    [
        "",
        "policy = 3\n",
        "[[policy]]\nspecimens_in_drs = true\n",
        '[[policy]]\neffective_from = "2026-02-01"\n',
        "[[policy]]\neffective_from = 2026-02-01T10:00:00Z\n",
        "[[policy]]\neffective_from = 2026-02-01\nmartian = true\n",
        "[[policy]]\neffective_from = 2026-02-01\naccess_days = true\n",
        "[[policy]]\neffective_from = 2001-02-01\naccess_days = 30\n",
        "[[policy]]\neffective_from = 2026-02-01\n[switches.access_days]\nmeans = 'x'\n",
        "[[policy]\n",
    ],
)
def test_a_table_that_does_not_fit_is_refused(tmp_path: Path, text: str) -> None:
    with pytest.raises(ProblemError):
        policies_of(_table(tmp_path, text))


def test_a_table_that_is_not_there_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ProblemError, match=r"nowhere\.toml"):
        policies_of(tmp_path / "nowhere.toml")


def test_the_commands_follow_the_deployments_table(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("SECOND_OPINION_CONFIG", raising=False)
    (tmp_path / "facts.json").write_text(json.dumps(ACCESS | {"materials": [REPORT, SLIDE]}), encoding="utf-8")
    before = json.loads(CliRunner().invoke(decide_command, ["facts.json"]).stdout)
    assert before["excluded"] == ["slide"]
    _table(tmp_path, "[[policy]]\neffective_from = 2026-02-01\nspecimens_in_drs = true\n")
    (tmp_path / "second-opinion.toml").write_text('policy = "switches.toml"\n', encoding="utf-8")
    after = json.loads(CliRunner().invoke(decide_command, ["facts.json"]).stdout)
    assert (after["outcome"], after["excluded"]) == ("permit", [])
    told = json.loads(CliRunner().invoke(explain_command, ["consent", "--switches", "--json"]).stdout)
    turned = next(line for line in told if line["switch"] == "specimens_in_drs")
    assert (turned["value"], turned["since"]) == ("true", "2026-02-01")
