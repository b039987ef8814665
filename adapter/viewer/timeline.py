"""What happened when, in one list: tissue taken, reports issued, requests made, material moved, the answer due."""

from collections.abc import Iterator
from datetime import UTC, datetime

import msgspec

from adapter.viewer.index import Index
from adapter.viewer.markup import Child, Html, el, fragment, joined, section
from adapter.viewer.materials import handover
from adapter.viewer.say import when
from adapter.viewer.words import DETAILS, STATUSES, word
from mappings.domain.values import Moment


class Entry(msgspec.Struct, frozen=True, kw_only=True):
    """One line of the timeline; `at` is a date or time as precise as it is known."""

    at: str
    what: Html
    about: Html | None = None
    ahead: bool = False


def timeline(index: Index) -> Html:
    """The section."""
    entries = sorted(_entries(index), key=lambda entry: order(entry.at))
    lines = [
        el(
            "li",
            el("div", when(entry.at), class_="at"),
            el("div", el("strong", entry.what), " ", entry.about, class_="what"),
            class_="ahead" if entry.ahead else None,
        )
        for entry in entries
    ]
    return section("timeline", "Timeline", el("ol", *lines, class_="timeline"))


def order(at: str) -> tuple[str, bool, str]:
    """Where a moment sorts: by its date as written, then dates without a time, then by the instant.

    >>> order("2026-03-02") < order("2026-03-02T09:00:00-05:00") < order("2026-03-02T15:00:00Z")
    True
    >>> order("2026-03-02") < order("2026-03-02T00:30:00+02:00")
    True
    """
    time = at[11:]
    if Moment(at).offset is None or at[17:19] == "60":
        return at[:10], bool(time), at
    try:
        instant = datetime.fromisoformat(at[:19] + (Moment(at).offset or "")).astimezone(UTC)
    except OverflowError:  # at the very beginning or end of the calendar
        return at[:10], True, at
    return at[:10], True, instant.replace(tzinfo=None).isoformat()


def _entry(at: str | None, what: Child, about: Child = None, ahead: bool = False) -> Iterator[Entry]:
    if at:
        said = fragment(about) if about else None
        yield Entry(at=at, what=fragment(what), about=said, ahead=ahead)


def _entries(index: Index) -> Iterator[Entry]:
    yield from _clinical(index)
    yield from _tissue(index)
    yield from _papers(index)
    yield from _request(index)
    yield from _entry(index.release.decided_at, "Release decided")


def _clinical(index: Index) -> Iterator[Entry]:
    case = index.case
    for diagnosis in case.diagnoses:
        yield from _entry(diagnosis.onset, "Onset", index.link(diagnosis.id))
        yield from _entry(diagnosis.recorded, "Diagnosis recorded", index.link(diagnosis.id))
    for procedure in case.procedures:
        start, end = (procedure.period.start, procedure.period.end) if procedure.period else (None, None)
        yield from _entry(procedure.performed or start, "Procedure", procedure.code.label)
        yield from _entry(end, "Procedure ended", procedure.code.label)
    for study in case.studies:
        yield from _entry(study.started, "Imaging", index.link(study.id))


def _tissue(index: Index) -> Iterator[Entry]:
    for part in index.case.parts:
        yield from _entry(part.collected, "Tissue collected", index.link(part.id))
        yield from _entry(part.received, "Tissue received in the laboratory", index.link(part.id))
    for event in index.case.custody:
        by = index.party(event.by)
        about = joined(
            " · ",
            index.links(event.items),
            fragment("by ", by) if by else None,
            event.carrier,
            event.tracking and fragment("tracking ", el("code", event.tracking)),
            event.note,
        )
        yield from _entry(event.at, handover(index, event, dated=False), about)
        yield from _entry(event.due_back, "Material due back", index.links(event.items), ahead=True)


def _papers(index: Index) -> Iterator[Entry]:
    for report in index.case.reports:
        authors = index.parties(report.authors) or index.party(report.organization)
        about = joined(" · ", index.link(report.id), authors)
        what = "Addendum" if report.addendum_of else "Report"
        yield from _entry(report.issued or report.effective, f"{what} issued" if report.issued else what, about)
    for document in index.case.documents:
        yield from _entry(document.date, "Document", index.link(document.id))


def _request(index: Index) -> Iterator[Entry]:
    request = index.case.request
    asked = joined(" to ", index.party(request.requester), index.party(request.performer))
    yield from _entry(request.authored_on, "Second opinion requested", asked)
    for event in request.events:
        about = joined(" · ", word(DETAILS, event.detail), event.reason)
        yield from _entry(event.at, fragment("Request: ", STATUSES[event.status].lower()), about)
    if planned := request.planned_treatment:
        yield from _entry(planned.scheduled, "Planned treatment", planned.description, ahead=True)
    if window := request.turnaround:
        if window.earliest != window.latest:
            yield from _entry(window.earliest.isoformat(), "Review expected at the earliest", ahead=True)
        yield from _entry(window.latest.isoformat(), "Review due", ahead=True)
    for concordance in index.case.concordances:
        yield from _entry(concordance.at, "Reports compared", index.party(concordance.stated_by))
