"""What a case or a release holds of what the reviewer needs: words of reports and files read, then the pure assessment.

Of a case the holder sees all of it; of a release only what is released counts, so that a gap never tells what was
withheld from what was never held.
"""

from collections.abc import Iterable, Iterator, Mapping

import msgspec

from adapter.consent.law import classify_resource
from adapter.consent.release import Release
from adapter.holding import ENCLOSED, File, Loaded
from mappings.completeness.assess import Completeness, Requirement, completeness
from mappings.completeness.carried import WORDS, carried_evidence, words_of
from mappings.completeness.evidence import PATHOLOGY, Evidence, Holding, Named, Text
from mappings.completeness.labels import split_number
from mappings.completeness.states import State, rank
from mappings.domain.case import Case
from mappings.domain.material import Document
from mappings.domain.party import is_foreign
from mappings.domain.report import Report
from mappings.fhir.carried import Carried

LONGEST = 5_000_000
"""Bytes of a text that are read for labels at most; a longer one is for a person."""
_SPECIMENS = ("gross", "microscopic", "diagnosis")
_OPAQUE = frozenset(("application/octet-stream", "application/gzip"))
"""Media types of bytes that say nothing of what they are: no reader opens them."""
_DICOM = ("dicom", "PS3.")
"""How the rules begin that refuse DICOM."""
_REPORTS = ("pathology_report", "radiology_report")
_IMAGES = frozenset(("whole_slide_image", "ct_study", "mr_study", "imaging_study"))


class Foretold(msgspec.Struct, frozen=True, kw_only=True):
    """One need as the holder has it and as the recipient will find it (None: nothing of what goes asks for it)."""

    requirement: Requirement
    recipient: Requirement | None
    withheld: bool
    """Whether the recipient will miss it because it stays, and not because it is not there."""


class Forecast(msgspec.Struct, frozen=True, kw_only=True):
    """What goes, assessed as the recipient will, and beside it each need as the holder has it."""

    completeness: Completeness
    needs: tuple[Foretold, ...]


def of_case(loaded: Loaded) -> Completeness:
    """Assess what the holder has."""
    found = _evidence(loaded.case, loaded.carried, loaded.documents, loaded.instances, loaded.aliases)
    refused = (*found.holdings, *_refused(loaded))
    return completeness(loaded.case, msgspec.structs.replace(found, holdings=refused))


def of_release(release: Release) -> Completeness:
    """Assess what is released, and nothing else."""
    found = _evidence(release.case, release.carried, release.documents, release.instances, {})
    return completeness(release.case, found)


def forecast(loaded: Loaded, here: Completeness, release: Release) -> Forecast:
    """What the recipient will find of each need, and whether withholding makes the gap. For the holder's eyes only."""
    theirs = of_release(release)
    states = {found.key: found for found in theirs.requirements}
    found = _evidence(loaded.case, loaded.carried, loaded.documents, loaded.instances, loaded.aliases)
    whole = {one.key: one for one in completeness(loaded.case, found).requirements}  # without what was refused
    needs = tuple(
        Foretold(requirement=own, recipient=states.get(own.key), withheld=_worse(states.get(own.key), whole[own.key]))
        for own in here.requirements
        if own.key in whole
    )
    return Forecast(completeness=theirs, needs=needs)


def _worse(theirs: Requirement | None, own: Requirement) -> bool:
    """Whether less goes than is there. A need that nothing released asks for went with what asked for it."""
    return rank(theirs.state) < rank(own.state) if theirs else own.state != "missing"


def _evidence(
    case: Case,
    carried: tuple[Carried, ...],
    documents: Mapping[str, File],
    instances: Mapping[str, File],
    aliases: Mapping[str, str],
) -> Evidence:
    laws = {item.full_url: law for item in carried if (law := classify_resource(item.resource, item.labels))}
    known = frozenset(thing.id for thing in (*case.parts, *case.blocks, *case.slides))
    theirs = carried_evidence(carried, {url: law.kind for url, law in laws.items()}, aliases, known)
    texts, unread = _documents(case, documents)
    return Evidence(
        texts=tuple(dict.fromkeys((*_reports(case), *theirs.texts, *texts))),
        unread=(*theirs.unread, *unread),
        named=(*_named(case), *theirs.named),
        holdings=theirs.holdings,
        files=tuple(instances),
        broken=tuple(d.id for d in case.documents if d.id in documents and _broken(d, documents[d.id])),
    )


# --- reports


def _reports(case: Case) -> Iterator[Text]:
    """The words of the native pathology reports; those that came as FHIR are read where they are."""
    for report in _pathology(case):
        if is_foreign(report.id):
            continue
        numbers = _numbers(case, report)
        for section in report.sections:
            told = section.kind in _SPECIMENS
            yield Text(report=report.id, words=section.text, numbers=numbers, specimens=told)
        if report.conclusion:
            yield Text(report=report.id, words=report.conclusion, numbers=numbers, specimens=True)


def _pathology(case: Case) -> Iterator[Report]:
    return (r for r in case.reports if r.role == "original" and r.kind in PATHOLOGY and r.status != "cancelled")


def _numbers(case: Case, report: Report) -> tuple[str, ...]:
    """The accession numbers of a report; an addendum has those of its base."""
    own = (split_number(identifier.value)[0] for identifier in report.identifiers)
    found = tuple(number for number in own if number)
    base = next((r for r in case.reports if r.id == report.addendum_of and r.id != report.id), None)
    return found or (_numbers(case, base) if base and base.addendum_of is None else ())


def _named(case: Case) -> Iterator[Named]:
    """The parts, blocks and slides that pathology reports say they saw."""
    known = {thing.id for thing in (*case.parts, *case.blocks, *case.slides)}
    for report in _pathology(case):
        for name in (*report.examined, *(finding.part for finding in report.findings if finding.part)):
            if name in known:
                yield Named(report=report.id, name=name)


# --- documents


def _documents(case: Case, files: Mapping[str, File]) -> tuple[list[Text], list[str]]:
    """The words of pathology reports that are documents, and the documents whose words are not read here.

    The printed form of a report whose words the case has is not read twice.
    """
    texts: list[Text] = []
    unread: list[str] = []
    reports = {report.id: report for report in case.reports}
    for document in case.documents:
        file = files.get(document.id)
        if document.kind not in WORDS or file is None:
            continue
        about = [reports[name] for name in _printed_for(case, document) if name in reports]
        words = _words(file)
        if words is not None:
            numbers = tuple(number for report in about for number in _numbers(case, report))
            texts.append(Text(report=document.id, words=words, numbers=numbers))
        elif not any(report.sections for report in about):
            unread.append(document.id)
    return texts, unread


def _printed_for(case: Case, document: Document) -> Iterable[str]:
    """The reports that a document is the printed form of."""
    yield from document.about
    yield from (report.id for report in case.reports if document.id in report.documents)
    yield from (str(line.duplicate_of) for line in case.materials if line.path == document.path and line.duplicate_of)


def _words(file: File) -> str | None:
    """The words of a text file; None for what is no text, or too long for one."""
    kind = file.content_type.partition(";")[0]
    if kind not in ("text/plain", "text/html", "text/markdown") or file.size > LONGEST:
        return None
    try:
        return words_of(file.read(), kind)
    except OSError:
        return None


def _broken(document: Document, file: File) -> bool:
    """Whether nobody can open a document: bytes of no known format, or a PDF that is cut off."""
    if document.kind in _IMAGES:
        return False
    if file.kind != "pdf":
        return file.content_type in _OPAQUE
    try:
        if file.data is not None:
            return b"%%EOF" not in file.data[-2048:]
        with file.location.open("rb") as stream:
            stream.seek(max(file.size - 2048, 0))
            return b"%%EOF" not in stream.read()
    except OSError:  # what is gone is told where it is delivered
        return False


# --- what was refused


def _refused(loaded: Loaded) -> Iterator[Holding]:
    """Units that came and cannot be read: FHIR by what it is in law, DICOM as images of either kind.

    What an image encloses and nobody declares may be any report: a person has to look.
    """
    for item in loaded.unread:
        law = classify_resource(item.resource, item.labels)
        yield Holding(kind=law.kind if law else "", name=item.full_url, state="unreadable")
    for draft in loaded.drafts:
        if any(problem.rule == ENCLOSED for problem in draft.problems):
            state: State = "unreadable" if draft.refused else "unclear"
            yield from (Holding(kind=kind, name=draft.source, state=state) for kind in _REPORTS)
        elif draft.refused and any(problem.rule.startswith(_DICOM) for problem in draft.problems):
            yield Holding(kind="imaging_study", name=draft.source, state="unreadable")
            yield Holding(kind="tissue", name=draft.source, state="unreadable")
