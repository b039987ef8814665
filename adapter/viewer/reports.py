"""The reports: original and review side by side, section by section; every other report by itself."""

from collections.abc import Iterator

import msgspec

from adapter.viewer.comparison import MARK, verdict
from adapter.viewer.findings import compared, single
from adapter.viewer.index import Index
from adapter.viewer.markup import Child, Html, el, fragment, items, joined, pairs, section
from adapter.viewer.materials import file_link
from adapter.viewer.say import concept, identifier, prose, when
from adapter.viewer.words import REPORT_KINDS, REPORT_STATUSES, ROLES, SECTIONS
from mappings.domain.concordance import Concordance
from mappings.domain.material import Document
from mappings.domain.report import Report

FIRST = ("diagnosis", "impression", "comment")
"""What a reviewer reads first; the rest follows in the order of the report."""


class Pair(msgspec.Struct, frozen=True, kw_only=True):
    """An original and a review that belong together, and how they were compared, if they were."""

    original: str
    review: str
    concordance: Concordance | None = None


def pairs_of(index: Index) -> list[Pair]:
    """Stated comparisons first, then reviews that extend an original without a stated comparison."""
    found = [Pair(original=c.original, review=c.review, concordance=c) for c in index.case.concordances]
    told = {(pair.original, pair.review) for pair in found}
    for report in index.case.reports:
        if report.extends and (report.extends, report.id) not in told:
            found.append(Pair(original=report.extends, review=report.id))
    return found


def reports(index: Index) -> Html:
    """The section. A report's anchor stands where it appears first."""
    paired = pairs_of(index)
    unseen = dict(index.anchors)
    shown = [_comparison(index, pair, number, unseen) for number, pair in enumerate(paired, 1)]
    told = {name for pair in paired for name in (pair.original, pair.review)}
    bases = {report.id for report in index.case.reports}
    for report in index.case.reports:
        if report.id not in told and report.addendum_of not in bases:
            shown.append(_alone(index, report, unseen))
    # Addenda of each other have no base to stand under; they are shown all the same.
    shown += [_alone(index, report, unseen) for report in index.case.reports if report.id in unseen]
    none = None if shown else el("p", "No report is in this bundle as text or data.", class_="quiet")
    return section("reports", "Reports", *shown, none)


# --- two reports


def _comparison(index: Index, pair: Pair, number: int, unseen: dict[str, str]) -> Html:
    left, right = index.get(pair.original, Report), index.get(pair.review, Report)
    title = f"{REPORT_KINDS[left.kind]}: original and review" if left else "Original and review"
    anchor = f"comparison-{number}"
    sides = [_side(index, "Original", pair.original, unseen), _side(index, "Review", pair.review, unseen)]
    return el(
        "section",
        el("h3", title, id=anchor),
        verdict(index, pair.concordance),
        el("div", *sides, class_="sides heads"),
        *_rows(left, right, pair.concordance),
        compared(index, left, right, pair.concordance),
        _addenda(index, pair, unseen),
        class_="comparison",
        aria_labelledby=anchor,
    )


def _side(index: Index, role: str, name: str, unseen: dict[str, str]) -> Html:
    report = index.get(name, Report)
    document = index.get(name, Document)
    if report:
        told = facts(index, report)
    elif document:
        told = el("p", index.link(name), ": ", file_link(index, document))
    else:
        told = el("p", index.title(name))
    anchor = unseen.pop(name, None) if report else None
    return el("div", el("h4", role), told, class_="side", id=anchor)


def _rows(left: Report | None, right: Report | None, concordance: Concordance | None) -> Iterator[Html]:
    differs = concordance is not None and any(d.aspect == "diagnosis" for d in concordance.differences)
    for title, marked, one, other in _aligned(left, right):
        mark = MARK if marked and differs else None
        cells = [_cell("Original", one, left is not None), _cell("Review", other, right is not None)]
        yield el("h4", joined(" ", title, mark), class_="row-title")
        yield el("div", *cells, class_="sides")


def _cell(role: str, told: Html | None, there: bool) -> Html:
    absent = "Not in this report." if there else "See the document."
    return el("div", el("p", role, class_="side-name"), told or el("p", absent, class_="quiet"), class_="side")


def _aligned(left: Report | None, right: Report | None) -> Iterator[tuple[str, bool, Html | None, Html | None]]:
    conclusions = [prose(r.conclusion) if r and r.conclusion else None for r in (left, right)]
    if any(conclusions):
        yield "Conclusion", True, conclusions[0], conclusions[1]
    kinds = dict.fromkeys(s.kind for r in (left, right) if r for s in r.sections)
    for kind in sorted(kinds, key=lambda k: FIRST.index(k) if k in FIRST else len(FIRST)):
        yield SECTIONS[kind], kind in ("diagnosis", "impression"), _texts(left, kind), _texts(right, kind)


def _texts(report: Report | None, kind: str) -> Html | None:
    told = [prose(s.text) for s in report.sections if s.kind == kind] if report else []
    return fragment(*told) if told else None


def _addenda(index: Index, pair: Pair, unseen: dict[str, str]) -> Html | None:
    sides = [[_addendum(index, r, unseen) for r in _of(index, name)] for name in (pair.original, pair.review)]
    if not any(sides):
        return None
    cells = [
        _cell(role, fragment(*side) if side else el("p", "None.", class_="quiet"), True)
        for role, side in zip(("Original", "Review"), sides, strict=True)
    ]
    return fragment(el("h4", "Addenda", class_="row-title"), el("div", *cells, class_="sides"))


def _of(index: Index, name: str, seen: frozenset[str] = frozenset()) -> list[Report]:
    """The addenda of a report and theirs; a circle ends where it began."""
    found = []
    for report in index.case.reports:
        if report.addendum_of == name and report.id not in seen:
            found += [report, *_of(index, report.id, seen | {name, report.id})]
    return found


def _addendum(index: Index, report: Report, unseen: dict[str, str]) -> Html:
    return el(
        "div", facts(index, report), _narrative(report, "h5"), single(index, report), id=unseen.pop(report.id, None)
    )


# --- one report


def _alone(index: Index, report: Report, unseen: dict[str, str]) -> Html:
    addenda = [_addendum(index, r, unseen) for r in _of(index, report.id)]
    anchor = unseen.pop(report.id, None)
    title = f"{REPORT_KINDS[report.kind]}, {ROLES[report.role].lower()}"
    return el(
        "article",
        el("h3", title),
        facts(index, report),
        _narrative(report, "h4"),
        single(index, report),
        el("h4", "Addenda") if addenda else None,
        *addenda,
        class_="report",
        id=anchor,
    )


def _narrative(report: Report, heading: str) -> Html:
    told: list[Child] = []
    for title, _, text, _ in _aligned(report, None):
        told += [el(heading, title), text]
    return fragment(*told)


def facts(index: Index, report: Report) -> Html | None:
    """Who made the report, when, from what."""
    return pairs(
        [
            ("Kind", f"{REPORT_KINDS[report.kind]}, {REPORT_STATUSES[report.status].lower()}"),
            ("Issued", when(report.issued)),
            ("Effective", when(report.effective)),
            ("By", index.parties(report.authors)),
            ("At", index.party(report.organization)),
            ("Number", items([identifier(i) for i in report.identifiers])),
            ("Examined", index.links(report.examined)),
            ("Images", index.links(report.studies)),
            ("Printed form", _printed(index, report)),
            ("Codes", items([c for code in report.conclusion_codes if (c := concept(code))])),
            ("Addendum to", index.link(report.addendum_of) if report.addendum_of else None),
            ("Sums up", index.links(report.summary_of)),
        ]
    )


def _printed(index: Index, report: Report) -> Html:
    found = [index.get(name, Document) for name in report.documents]
    return joined("; ", *(file_link(index, d) for d in found if d))
