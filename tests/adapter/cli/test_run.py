"""A command that fails in a way nobody thought of says its kind and place, and no value."""

import click
import pytest
from click.testing import CliRunner

from adapter.cli.run import guarded
from mappings.domain.values import Moment


def _run(error: Exception) -> tuple[int, str, str]:
    @click.command()
    @guarded
    def fails() -> None:
        raise error

    done = CliRunner().invoke(fails)
    return done.exit_code, done.stdout, done.stderr


@pytest.mark.parametrize("error", [KeyError("Testperson"), RecursionError("Testperson"), ValueError("Testperson")])
def test_an_error_nobody_thought_of_tells_no_value(error: Exception) -> None:
    assert _run(error) == (1, "", f"error: internal error [{type(error).__name__}, unknown]\n")


def test_it_names_the_place_in_our_code() -> None:
    @click.command()
    @guarded
    def fails() -> None:
        Moment(None)  # type: ignore[arg-type]

    done = CliRunner().invoke(fails)
    assert done.exit_code == 1
    assert done.stderr.startswith("error: internal error [ValueError, mappings.domain.values:")
    assert "\n" not in done.stderr.rstrip("\n")


def test_wrong_usage_stays_wrong_usage() -> None:
    assert _run(click.UsageError("name a file"))[0] == 2
    assert _run(click.exceptions.Exit(4))[0] == 4
