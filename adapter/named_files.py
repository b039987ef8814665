"""The files and variables that the settings name: are they there, and what they have to be? Asked before they count."""

from collections.abc import Iterator
from pathlib import Path

import msgspec

from adapter.config import Pacs, Settings, secret
from adapter.config_faults import RULE
from adapter.delivery.manifest import private_key, thumbprints
from adapter.servers import Server
from mappings.problems import Problem, ProblemError, problem


def unfit(settings: Settings) -> Iterator[Problem]:
    """What would stop a later command: an error where it stops an export, a warning where it stops another one."""
    if settings.signing_key is not None:
        try:
            private_key(settings.signing_key)
        except ProblemError as error:
            yield from (_of("signing_key", found) for found in error.problems)
    for number, key in enumerate(settings.trusted_keys):
        try:
            thumbprints((key,))
        except ProblemError as error:
            yield from (_warning(_of(f"trusted_keys[{number}]", found)) for found in error.problems)
    for name, pacs in settings.pacs.items():
        yield from _secrets(f"pacs.{name}", pacs)
        yield from _unreadable(f"pacs.{name}", pacs, ("certificate", "key", "ca"))
    for name, server in settings.servers.items():
        yield from _unreadable(f"servers.{name}", server, ("token_file", "client_key", "certificate", "key", "ca"))


def _secrets(place: str, pacs: Pacs) -> Iterator[Problem]:
    for kind in ("password", "token"):
        file, variable = getattr(pacs, f"{kind}_file"), getattr(pacs, f"{kind}_env")
        try:
            secret(file, variable)
        except ProblemError as error:
            setting = f"{place}.{kind}_{'file' if file else 'env'}"
            yield from (_warning(_of(setting, found)) for found in error.problems)


def _unreadable(place: str, one: Pacs | Server, fields: tuple[str, ...]) -> Iterator[Problem]:
    for field in fields:
        file: Path | None = getattr(one, field)
        try:
            if file is not None:
                file.open("rb").close()
        except FileNotFoundError:
            message = "is not there; mend the path, or put the file there"
            yield _warning(_of(f"{place}.{field}", problem("not-found", file.name if file else "", message, rule=RULE)))
        except OSError:
            message = "cannot be read; it has to be a file that you may read"
            yield _warning(_of(f"{place}.{field}", problem("no-store", file.name if file else "", message, rule=RULE)))


def _of(setting: str, found: Problem) -> Problem:
    """The Problem of a file with the setting that names it."""
    return msgspec.structs.replace(found, where=f"settings $.{setting} ({found.where})")


def _warning(found: Problem) -> Problem:
    return msgspec.structs.replace(found, severity="warning")


__all__ = ["unfit"]
