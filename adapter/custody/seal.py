"""What was recorded, as it was recorded: a digest for each event beside case.json, so that a later change is noticed.

The record is append-only, and case.json is a file that anybody can edit. `custody.seal` holds a line for each event
that stood in the record when one was appended: its name and the SHA-256 of what it says. It stays with the holder.
"""

import contextlib
import hashlib
import os
import re
from collections.abc import Iterable, Iterator
from pathlib import Path

from mappings.domain.material import CustodyEvent
from mappings.domain.native import encode
from mappings.problems import Problem, problem

SEAL = "custody.seal"
RULE = "custody.changed"
_LINE = re.compile(rb"(\S+) ([0-9a-f]{64})\n")


def seal(folder: Path, events: Iterable[CustodyEvent]) -> None:
    """Add a line for each event that has none; a line that a crash cut short is written again."""
    place = folder / SEAL
    held = _read(place)
    fresh = [event for event in events if event.id not in held]
    with place.open("ab") as out:
        torn = place.stat().st_size and not place.read_bytes().endswith(b"\n")
        out.write(b"\n" if torn else b"")
        out.writelines(f"{event.id} {_digest(event)}\n".encode() for event in fresh)
        out.flush()
        os.fsync(out.fileno())


def changed(folder: Path, events: Iterable[CustodyEvent]) -> Iterator[Problem]:
    """What was recorded and stands there otherwise now, or no longer; nothing where nothing was sealed."""
    held = _read(folder / SEAL)
    here = {event.id for event in events} if held else set()
    for number, event in enumerate(events):
        if held.get(event.id, (digest := _digest(event) if held else "")) != digest:
            message = "is not as it was recorded: the record is append-only, and is corrected by a further event"
            yield problem("conflict", f"case.json $.custody[{number}]", message, rule=RULE, severity="warning")
    if missing := len(held.keys() - here):
        count = "an event that was recorded is" if missing == 1 else f"{missing} events that were recorded are"
        message = f"{count} no longer there: the record is append-only, restore it from a copy of case.json"
        yield problem("conflict", "case.json $.custody", message, rule=RULE, severity="warning")


def _read(place: Path) -> dict[str, str]:
    """Name of an event -> digest of what it said when it was first sealed; a line that is none is passed over."""
    data = b""
    with contextlib.suppress(OSError):
        data = place.read_bytes()
    found: dict[str, str] = {}
    for name, digest in _LINE.findall(data):
        found.setdefault(name.decode("utf-8", "replace"), digest.decode())
    return found


def _digest(event: CustodyEvent) -> str:
    return hashlib.sha256(encode(event)).hexdigest()
