"""Appending to the record of custody, which is the list `custody` of case.json.

In the case and not in the ledger: the record is about the material, travels with it to the next holder, and is what
Specimen, Task and Provenance are made from; the ledger is the holder's own of what was decided and disclosed.
The file is changed by insertion, so that every other byte stays as a person wrote it, and exchanged in one step.
"""

import functools
import re
from collections.abc import Callable, Iterator
from pathlib import Path

import msgspec

from adapter.custody.exchange import CASE, RULE, alone, exchange
from adapter.custody.policy import Policy
from adapter.custody.releases import things
from adapter.custody.retention import first_day, kept
from adapter.custody.seal import changed, seal
from adapter.custody.times import faults_of_time
from mappings.domain.case import Case
from mappings.domain.case_record import record_of
from mappings.domain.material import CustodyEvent
from mappings.domain.native import encode, read_case, without_mark
from mappings.domain.values import Moment
from mappings.problems import Problem, ProblemError, problem, refuse


class Recorded(msgspec.Struct, frozen=True, kw_only=True):
    """What an append did: the case as it is now, the names of the new events, those that stood there already."""

    case: Case
    added: tuple[str, ...]
    known: tuple[str, ...]
    problems: tuple[Problem, ...] = ()


Called = Callable[[int, str], str]
"""Number of a new event and name of its field -> what the one who told it calls it."""


def append(
    folder: Path,
    events: tuple[CustodyEvent, ...],
    policy: Policy,
    now: Moment,
    *,
    beyond_retention: bool = False,
    unnamed: bool = False,
    called: Called = lambda number, field: f"event {number + 1} $.{field}",
) -> Recorded:
    """Append events to the record of a case, all or none. One that is recorded already is not recorded again.

    An event without a name of its own is the same as one that says the same; with a name, that name counts.

    Args:
        now: to the second, with its offset; nothing later is recorded.
        unnamed: nobody chose the names of these events: one that another has taken meanwhile gives way to a free one.
        called: how Problems name a field of an event.

    Raises:
        ProblemError: the case cannot be read; an event cannot have happened (`custody.*`), contradicts one of its name,
            names nothing of the case, or discards an original within its retention (unless `beyond_retention`);
            somebody else is writing (`lock-error`). Nothing is written then.
    """
    with alone(folder):
        data = (folder / CASE).read_bytes()
        case = read_case(data, CASE)
        fresh, known = _sorted_out(case, _free(case, events) if unnamed else events)
        if not fresh:
            return Recorded(case=case, added=(), known=known)
        contents = [_content(event) for event in events]
        numbered = ((event, functools.partial(called, contents.index(_content(event)))) for event in fresh)
        if wrong := tuple(faults_of_time(case.custody, numbered, now)):
            raise ProblemError(wrong)
        made = _with(case, fresh)
        faults = _new_faults(case, made)
        faults += (*_retained(made, fresh, policy, beyond_retention), *changed(folder, case.custody))
        if any(one.stops for one in faults):
            raise ProblemError(one for one in faults if one.stops)
        text = insert(data, [encode(event).decode() for event in fresh])
        if read_case(text, CASE) != made:
            raise refuse("exception", CASE, "could not be extended as it is written: add the event by hand", rule=RULE)
        exchange(folder / CASE, text)
        seal(folder, made.custody)
        return Recorded(case=made, added=tuple(event.id for event in fresh), known=known, problems=faults)


def _free(case: Case, events: tuple[CustodyEvent, ...]) -> tuple[CustodyEvent, ...]:
    """The events under names that are free; one that stands there already keeps its own."""
    said = {_content(event): event.id for event in case.custody}
    taken = {item.id for item in case.items()}
    made: list[CustodyEvent] = []
    for event in events:
        name = said.get(_content(event), event.id)
        if name in taken and _content(event) not in said:
            name = next(f"custody-{n}" for n in range(1, len(taken) + 2) if f"custody-{n}" not in taken)
        taken.add(name)
        made.append(msgspec.structs.replace(event, id=name))
    return tuple(made)


def _sorted_out(case: Case, events: tuple[CustodyEvent, ...]) -> tuple[tuple[CustodyEvent, ...], tuple[str, ...]]:
    """The events that are new, and the names of those that stand there already."""
    by_name = {event.id: event for event in case.custody}
    by_content = {_content(event): event.id for event in case.custody}
    taken = {item.id for item in case.items()}
    fresh: list[CustodyEvent] = []
    known: list[str] = []
    for event in events:
        if event.id in by_name:
            if by_name[event.id] != event:
                message = (
                    "has the name of another event: the record is append-only, and is corrected by a further event"
                )
                raise refuse("conflict", f"{CASE} $.custody", message, rule=RULE)
            known.append(event.id)
        elif _content(event) in by_content:
            known.append(by_content[_content(event)])
        elif event.id in taken:
            raise refuse("duplicate", f"{CASE} $.custody", "the name of the event is that of another thing", rule=RULE)
        else:
            fresh.append(event)
            by_name[event.id] = event
            by_content[_content(event)] = event.id
            taken.add(event.id)
    return tuple(fresh), tuple(known)


def _content(event: CustodyEvent) -> CustodyEvent:
    """The event but for its name and the order of its items."""
    return msgspec.structs.replace(event, id="event", items=tuple(sorted(event.items)))


def _with(case: Case, fresh: tuple[CustodyEvent, ...]) -> Case:
    try:
        return msgspec.structs.replace(case, custody=(*case.custody, *fresh))
    except ValueError as error:
        raise refuse("invariant", CASE, str(error), rule="case.format") from None


def _new_faults(before: Case, after: Case) -> tuple[Problem, ...]:
    """What the new events bring; what was wrong before is `custody`'s to tell, and is not held against them."""
    old = set(record_of(before).problems)
    return tuple(found for found in record_of(after).problems if found not in old)


def _retained(case: Case, fresh: tuple[CustodyEvent, ...], policy: Policy, beyond: bool) -> Iterator[Problem]:
    """Originals that are discarded before they may be."""
    held = things(case)
    for number, event in enumerate(case.custody):
        if event not in fresh or event.kind != "discarded":
            continue
        for name in event.items:
            binds = kept(held[name], case, policy).binds(first_day(event.at)) if name in held else None
            if binds is not False:
                why = "lies within its retention period" if binds else "has a retention period whose end is not known"
                message = f"an original that {why} is discarded; keep it, or record it with --despite-retention"
                severity = "warning" if beyond else "error"
                where = f"{CASE} $.custody[{number}]"
                yield problem("business-rule", where, message, rule="custody.retention", severity=severity)  # type: ignore[arg-type]
                break


# --- the file


def insert(data: bytes, events: list[str]) -> bytes:
    """The text of a case with these JSON objects at the end of its list `custody`; every other byte stays.

    Raises:
        ProblemError: the text has no place for them that can be found.
    """
    mark = data[: len(data) - len(without_mark(data))]
    text = without_mark(data).decode("utf-8")
    spans = _members(text)
    start, end = spans.get("custody", (-1, -1))
    if start >= 0 and text[start] == "[":
        at, added, end = _into_list(text, start, end, events)
    elif start < 0 and spans:
        at = end = max(stop for _, stop in spans.values())
        block = "[\n" + ",\n".join(_indented(each, 4) for each in events) + "\n  ]"
        added = f',\n  "custody": {block}'
    else:
        raise refuse("structure", CASE, "has no place for a record of custody", rule=RULE)
    if "\r\n" in text:
        added = added.replace("\n", "\r\n")
    return mark + f"{text[:at]}{added}{text[end:]}".encode()


def _into_list(text: str, start: int, end: int, events: list[str]) -> tuple[int, str, int]:
    """Into a list that is there, behind its last object and indented as that is: from where to where it stands."""
    inside = text[start + 1 : end - 1]
    body = inside.rstrip()
    line = text.rfind("\n", 0, start + 1 + len(inside) - len(inside.lstrip())) + 1
    first = re.match(r"[ \t]*", text[line:])
    deep = len(first[0].expandtabs(2)) if first and body and "\n" in inside else 4
    added = ",\n".join(_indented(each, deep) for each in events)
    if not body:
        return start + 1, f"\n{added}\n  ", end - 1
    behind = start + 1 + len(body)
    return behind, f",\n{added}" if inside[len(body) :] else f",\n{added}\n  ", behind


def _indented(text: str, width: int) -> str:
    return "\n".join(" " * width + line for line in text.strip().splitlines())


_STRING = re.compile(r'"(?:[^"\\]|\\.)*"')
_SCALAR = re.compile(r"[^\s,\]}]+")


def _members(text: str) -> dict[str, tuple[int, int]]:
    """Name of a member of the outermost object -> from where to where its value stands (a text that is valid JSON)."""
    found: dict[str, tuple[int, int]] = {}
    at = _blank(text, text.index("{") + 1)
    while text[at] == '"':
        name = _STRING.match(text, at)
        assert name is not None
        start = _blank(text, _blank(text, name.end()) + 1)
        end = _value_end(text, start)
        found[msgspec.json.decode(name[0])] = (start, end)
        at = _blank(text, end)
        if text[at] == ",":
            at = _blank(text, at + 1)
    return found


def _value_end(text: str, start: int) -> int:
    if text[start] not in "[{":
        seen = (_STRING if text[start] == '"' else _SCALAR).match(text, start)
        assert seen is not None
        return seen.end()
    depth, at = 0, start
    while True:
        if text[at] == '"':
            string = _STRING.match(text, at)
            assert string is not None
            at = string.end()
            continue
        depth += (text[at] in "[{") - (text[at] in "]}")
        at += 1
        if depth == 0:
            return at


def _blank(text: str, at: int) -> int:
    while text[at] in " \t\r\n":
        at += 1
    return at
