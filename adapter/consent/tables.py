"""The tables of this package, and a deployment's own; the only reading of files here."""

import csv
import functools
import io
import tomllib
from importlib import resources
from pathlib import Path
from typing import Any

from mappings.problems import refuse


@functools.cache
def rows(name: str) -> tuple[dict[str, str], ...]:
    """Read one CSV table of this package; the first line names the columns."""
    text = resources.files(__package__).joinpath(name).read_text(encoding="utf-8")
    return tuple(csv.DictReader(io.StringIO(text), strict=True))


def toml(name: str) -> dict[str, Any]:
    """Read one TOML table of this package."""
    return tomllib.loads(resources.files(__package__).joinpath(name).read_text(encoding="utf-8"))


def toml_of(path: Path) -> dict[str, Any]:
    """Read a TOML table of a deployment.

    Raises:
        ProblemError: it cannot be read, or is no TOML.
    """
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError:
        raise refuse(
            "not-found", path.name, "cannot be read; name the file that exists", rule="consent.policy"
        ) from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError):
        raise refuse("structure", path.name, "is not TOML; mend the file", rule="consent.policy") from None
