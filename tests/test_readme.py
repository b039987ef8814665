"""What the README shows is what happens, and nothing that can be called or set is missing from it."""

import datetime as dt
import re
import tomllib
from pathlib import Path

import click
import msgspec
import pytest

from adapter import config
from adapter.cli.app import COMMANDS, main
from adapter.config import Settings, load_settings
from adapter.consent.policy import policies_of, policy_for
from mappings.domain.case import Material, SourceSettings
from mappings.domain.native import decode
from tests import readme

PAGE = readme.README.read_text(encoding="utf-8")
HEADINGS = [line.removeprefix("### ") for line in PAGE.splitlines() if line.startswith("### ")]


def blocks(kind: str) -> list[str]:
    return [found["body"] for found in readme.BLOCK.finditer(PAGE) if found["kind"] == kind]


def test_every_output_is_as_shown() -> None:
    page, renewed = readme.run()
    assert page.splitlines() == renewed.splitlines()


def test_every_block_is_run_or_read_by_a_test() -> None:
    assert {found["kind"] for found in readme.BLOCK.finditer(PAGE)} == {
        "sh",
        "console",
        "python",
        "text",
        "json",
        "toml",
    }
    assert len(blocks("python")) == len(blocks("text")) >= 1


def test_the_shell_blocks_name_targets_that_exist() -> None:
    makefile = (readme.ROOT / "Makefile").read_text(encoding="utf-8")
    lines = [line.partition("#")[0].strip() for block in blocks("sh") for line in block.splitlines()]
    assert lines[0] == "pip install ."
    targets = {line.removeprefix("make ") for line in lines[1:]}
    assert targets == set(re.findall(r"^([a-z]+):", makefile, re.M)) - {"help", "clean"}


def test_make_help_lists_every_target() -> None:
    makefile = (readme.ROOT / "Makefile").read_text(encoding="utf-8")
    listed = re.search(r"^help:\n((?:\t.*\n)+)", makefile, re.M)
    assert listed is not None
    targets = set(re.findall(r"^([a-z]+):", makefile, re.M)) - {"help"}
    assert {"setup", "clean", "demo"} <= targets
    assert [name for name in sorted(targets) if not re.search(rf"\b{name}\b", listed[1])] == []


def test_the_json_block_is_what_a_case_may_hold() -> None:
    class Piece(msgspec.Struct, forbid_unknown_fields=True):
        materials: tuple[Material, ...]
        sources: tuple[SourceSettings, ...]

    (block,) = blocks("json")
    read = decode(block.encode(), Piece)
    assert (read.materials[0].kind, read.sources[0].zone) == ("pathology_report", "America/Chicago")


def test_the_settings_block_is_a_settings_file_with_every_setting(tmp_path: Path) -> None:
    block, _ = blocks("toml")
    assert set(tomllib.loads(block)) == set(Settings.__struct_fields__)
    (tmp_path / "second-opinion.toml").write_text(block, encoding="utf-8")
    read = load_settings(tmp_path / "second-opinion.toml", {})
    assert read.trusted_keys == (tmp_path / "keys/review-center.pem",)


def test_the_table_of_switches_is_one(tmp_path: Path) -> None:
    _, block = blocks("toml")
    (tmp_path / "switches.toml").write_text(block, encoding="utf-8")
    turned = policy_for(dt.date(2026, 1, 1), policies_of(tmp_path / "switches.toml"))
    assert (turned.specimens_in_drs, turned.state_access_days) == (True, 15)
    assert turned.state_rules["hiv"].written_consent_required is True


@pytest.mark.parametrize("setting", Settings.__struct_fields__)
def test_every_setting_has_its_row(setting: str) -> None:
    assert len(re.findall(rf"^\| `{setting}` \|", PAGE, re.M)) == 1


def test_every_environment_variable_is_named() -> None:
    source = Path(str(config.__file__)).read_text(encoding="utf-8")
    variables = set(re.findall(r"SECOND_OPINION_[A-Z_]+", source))
    assert variables == {
        "SECOND_OPINION_CONFIG",
        "SECOND_OPINION_LEDGER",
        "SECOND_OPINION_SIGNING_KEY",
        "SECOND_OPINION_LOG",
    }
    assert [name for name in variables if f"`{name}`" not in PAGE] == []


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_has_a_heading(command: str) -> None:
    assert [h for h in HEADINGS if re.search(rf"\b{command}\b", h)] != []


@pytest.mark.parametrize("command", COMMANDS)
def test_every_option_is_named_or_helped(command: str) -> None:
    found = main.get_command(click.Context(main), command)
    assert found is not None
    assert found.help
    inner = list(found.commands.values()) if isinstance(found, click.Group) else [found]
    options = {opt for one in inner for param in one.params if isinstance(param, click.Option) for opt in param.opts}
    assert [option for option in sorted(options) if option not in PAGE] == []


def test_an_output_that_differs_is_noticed(tmp_path: Path) -> None:
    shell = readme.Shell(tmp_path)
    page = "```console\n$ echo one\ntwo\n$ (exit 7)\n$ echo $?\n0\n```\n"
    assert readme.renewed(page, shell) == "```console\n$ echo one\none\n$ (exit 7)\n$ echo $?\n7\n```\n"


def test_the_first_screen_says_what_matters() -> None:
    first = "\n".join(PAGE.splitlines()[:60])
    for words in ("FHIR 4.0.1", "Python 3.11", "45 CFR part 164", "pip install .", "not released", "What is not done"):
        assert words in first
    assert "img.shields.io" not in PAGE
