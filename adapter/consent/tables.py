"""The tables of this package, read once each; the only reading of files here."""

import csv
import functools
import io
import tomllib
from importlib import resources
from typing import Any


@functools.cache
def rows(name: str) -> tuple[dict[str, str], ...]:
    """Read one CSV table of this package; the first line names the columns."""
    text = resources.files(__package__).joinpath(name).read_text(encoding="utf-8")
    return tuple(csv.DictReader(io.StringIO(text), strict=True))


def toml(name: str) -> dict[str, Any]:
    """Read one TOML table of this package."""
    return tomllib.loads(resources.files(__package__).joinpath(name).read_text(encoding="utf-8"))
