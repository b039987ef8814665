"""Coded findings: of two reports in one table, row by row, or of one report."""

from itertools import zip_longest

from adapter.viewer.comparison import MARK
from adapter.viewer.index import Index
from adapter.viewer.markup import Child, Html, fragment, joined, table
from adapter.viewer.say import codes, label, quantity
from adapter.viewer.words import ABSENT, FINDINGS, INTERPRETATIONS, word
from mappings.domain.concordance import Concordance
from mappings.domain.material import Block, Part, Slide
from mappings.domain.report import Finding, Report

ASPECTS_OF = {
    "histology": {"type", "diagnosis"},
    "behavior": {"behavior"},
    "grade": {"grade"},
    "margin": {"margin"},
    "invasion": {"invasion"},
    "biomarker": {"biomarker"},
    "stage-group": {"stage"},
    "stage-t": {"stage"},
    "stage-n": {"stage"},
    "stage-m": {"stage"},
}
"""Which stated differences a kind of finding can be an instance of."""

Key = tuple[str, str | None, str | None]
"""Kind, label of the code, and the part it was seen in."""
Found = list[Finding]


def compared(index: Index, left: Report | None, right: Report | None, concordance: Concordance | None) -> Html | None:
    """The findings of both reports; a row is marked where its aspect is stated to differ and its values do."""
    stated = {d.aspect for d in concordance.differences} if concordance else set()
    rows: list[list[Child]] = []
    one, other = _met(_grouped(index, left), _grouped(index, right))
    for key in dict.fromkeys((*one, *other)):
        for first, second in zip_longest(one.get(key, ()), other.get(key, ())):
            named = first or second
            differs = bool(ASPECTS_OF.get(key[0], set()) & stated) and _words(first) != _words(second)
            rows.append([_name(index, named, MARK if differs else None), _value(first), _value(second)])
    return table("Findings of both reports", ["Finding", "Original", "Review"], rows, "findings")


def single(index: Index, report: Report) -> Html | None:
    """The findings of one report."""
    rows: list[list[Child]] = [[_name(index, finding, None), _value(finding)] for finding in report.findings]
    return table("Findings", ["Finding", "Value"], rows, "findings")


def _grouped(index: Index, report: Report | None) -> dict[Key, Found]:
    made: dict[Key, Found] = {}
    for finding in report.findings if report else ():
        made.setdefault(_key(index, finding), []).append(finding)
    return made


def _key(index: Index, finding: Finding) -> Key:
    named = label(finding.code)
    return finding.kind, named.casefold() if named else None, _part(index, finding.part)


def _met(one: dict[Key, Found], other: dict[Key, Found]) -> tuple[dict[Key, Found], dict[Key, Found]]:
    """Both sides, where a finding that names no part meets the only one of its kind and code on the other side."""
    return _drawn(one, other), _drawn(other, one)


def _drawn(one: dict[Key, Found], other: dict[Key, Found]) -> dict[Key, Found]:
    made: dict[Key, Found] = {}
    for key, found in one.items():
        fits = [k for k in other if k[:2] == key[:2]]
        alone = sum(k[:2] == key[:2] for k in one) == 1
        free = key[2] is None and alone and len(fits) == 1
        made[fits[0] if free else key] = found
    return made


def _part(index: Index, name: str | None) -> str | None:
    """The part a slide or block comes from: the original often names the part, the review the slide."""
    thing = index.things.get(name) if name else None
    if isinstance(thing, Slide):
        return _part(index, thing.parent)
    if isinstance(thing, Block):
        return thing.part
    return thing.id if isinstance(thing, Part) else name


def _name(index: Index, finding: Finding, mark: Html | None) -> Html:
    kind, code = FINDINGS[finding.kind], label(finding.code)
    said = code if finding.kind in ("other", "biomarker", "imaging") and code else kind
    seen = index.link(finding.part) if finding.part else None
    site = label(finding.body_site)
    return joined(" ", joined(" · ", said, seen, site), mark)


def _words(finding: Finding | None) -> str | None:
    if finding is None:
        return None
    if finding.quantity:
        return quantity(finding.quantity)
    return finding.text or label(finding.value) or word(ABSENT, finding.absent)


def _value(finding: Finding | None) -> Html:
    if finding is None:
        return fragment("–")
    words, meant = _words(finding), word(INTERPRETATIONS, finding.interpretation)
    told = joined(
        ", ",
        words,
        meant if (words or "").casefold() != meant else None,
        fragment("by ", label(finding.method)) if finding.method else None,
    )
    return joined(" ", told, codes(finding.value) if finding.value else None)
