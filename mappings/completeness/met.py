"""What there is in a case for each need of the table: the states of everything that may meet it.

Words are looked at where only words can tell (a stage in a report, treatment in a history); a text that may say it and
is not understood needs a person.
"""

import re
from collections.abc import Callable, Iterator

from mappings.completeness.evidence import ADDENDA, PATHOLOGY, REPORT_KINDS, Evidence
from mappings.completeness.states import Found, counts, of_report, of_study, radiology
from mappings.completeness.tissue import Tissue
from mappings.domain.case import Case
from mappings.domain.material import Document, ImagingStudy, is_told
from mappings.domain.report import Report

_STAGE = re.compile(
    r"(?<![A-Za-z0-9])[cpyrau]{0,3}T(?:[0-4]|is|X)[a-d]?(?![A-Za-z0-9-])[^.\n]{0,20}N[0-3X]|(?i:\bstage\s+(?:0|I{1,3}|IV)[A-C]?\b)"
)
_THERAPY = r"(?:treatment|therap(?:y|ies)|chemo\w*|radio\w*|radiation|immunotherap\w*|steroids?)"
_TREATED = re.compile(
    rf"(?i)\b(?:(?:prior|previous|earlier|past|after|following|post|status[- ]post|s/p|received|completed|underwent|"
    rf"had|treated\s+(?:with|by))[- ][^.;\n]{{0,40}}?{_THERAPY}|untreated|treatment[- ]na[iï]ve)|\by[pc]?T[0-4X]"
)
_THERAPIES = re.compile(
    r"(?i)chemotherap|radiotherap|radiation|adjuvant|immunotherap|hormon(?:e|al) therapy|steroid|treatment effect"
)
_MOLECULAR = re.compile(
    r"(?i)sequencing|\bFISH\b|\bNGS\b|in situ hybridi[sz]ation|fusion|mutation|karyotyp|cytogenetic|"
    r"microarray|\barray\b|flow cytometr|methylation|rearrange|amplif"
)
_MARKER = (
    r"(?:ER|PR|AE1/AE3|SMA|EMA|GFAP|ERG|TdT|NUT|ATRX|PRAME|[Pp]\d{2}|(?:CK|CD|S|SOX|MUM|TTF|PAX|GATA|CDX|WT|BCL|MLH|MSH|PMS|"
    r"HMB|INI|DOG|CDK|MDM|HER)-?\d+|(?i:ki-?67|desmin|vimentin|synaptophysin|chromogranin|(?:cyto)?keratins?|melan-?a|"
    r"actin|inhibin|calretinin|glypican-?\d|(?:immuno)?stains?|immunohistochemistry|IHC))"
)
_RESULT = (
    r"(?i:positiv\w*|negativ\w*|retained|intact|lost|loss|diffuse|focal|weak|strong|wild|mutant|highlights?|\d+ ?%)"
)
_STAINED = re.compile(rf"(?<![\w/-]){_MARKER}(?![\w/])[^.;\n]{{0,40}}?(?<!\w){_RESULT}")
_STAINS = re.compile(r"(?i)immunohisto|immunostain|immunoreactiv|\bIHC\b|special stain")
_BIOPSY = re.compile(r"(?i)biops|aspirat|punctur|needle|imaging|tomograph|endoscop|bronchoscop|laryngoscop|colonoscop")
_SURGERY = re.compile(r"(?i)resect|excis|ectomy|amputat")
_OPERATIVE = re.compile(r"(?i)\b(?:operative|operation|op|surgical)[- ](?:note|report|record)")
_PLAN = re.compile(r"(?i)treatment plan|care plan|tumou?r board|planned treatment")
_HISTORIES = ("history_letter", "clinical_record")


class Held:
    """A case with its evidence, as the needs are asked of it."""

    def __init__(self, case: Case, evidence: Evidence) -> None:
        self.case, self.evidence = case, evidence
        self.tissue = Tissue(case, evidence)

    def find(self, need: str) -> tuple[Found, ...]:
        """What there is for a need of the table (the needs of `parts.py` have rows of their own)."""
        return tuple(_FINDERS[need](self))

    @property
    def surgery(self) -> bool:
        """Whether something was cut out, by what procedures, specimens and diagnoses are called."""
        names = [p.code.label for p in self.case.procedures if p.status not in ("preparation", "not-done")]
        names += [part.procedure.label for part in self.case.parts if part.procedure]
        names += [s.text for r in self.case.reports if r.kind in PATHOLOGY for s in r.sections if s.kind == "diagnosis"]
        return any(_SURGERY.search(name) for name in names)

    # --- things by kind

    def originals(self, *kinds: str) -> Iterator[Report]:
        """Reports of these kinds that are no review."""
        return (r for r in self.case.reports if r.role == "original" and r.kind in kinds)

    def reports(self, *kinds: str) -> Iterator[Found]:
        """The same, as what is found."""
        for report in self.originals(*kinds):
            if state := of_report(report):
                plain = report.status not in ("registered", "partial", "preliminary")
                yield Found(state=state, what="report" if plain else f"report, {report.status}")

    def papers(self, *kinds: str) -> Iterator[Found]:
        """Documents of these kinds, and what came as FHIR or was refused and is of such a kind."""
        for document in self.case.documents:
            if document.kind in kinds:
                yield self.paper(document)
        for holding in self.evidence.holdings:
            if holding.kind in kinds:
                yield Found(state=holding.state, what=_HELD.get(holding.state, "record as received"))

    def paper(self, document: Document) -> Found:
        """One document."""
        if document.id in self.evidence.broken:
            return Found(state="unreadable", what="document that cannot be read")
        return Found(state="here", what="document")

    def titled(self, pattern: re.Pattern[str]) -> Iterator[Found]:
        """Documents whose title says it."""
        yield from (self.paper(d) for d in self.case.documents if d.title and pattern.search(d.title))
        for holding in self.evidence.holdings:
            if pattern.search(holding.title):
                yield Found(state=holding.state, what=_HELD.get(holding.state, "record as received"))

    def texts(self) -> Iterator[str]:
        """The words of pathology reports, and every section of any report that is no review."""
        yield from (text.words for text in self.evidence.texts)
        for report in self.case.reports:
            if report.role == "original":
                yield from (section.text for section in report.sections)
                yield from (report.conclusion,) if report.conclusion else ()

    def says(self, pattern: re.Pattern[str]) -> Iterator[Found]:
        """Whether the words of a report say it."""
        if any(pattern.search(words) for words in self.texts()):
            yield Found(state="here", what="said in a report")

    def mentions(self, pattern: re.Pattern[str]) -> Iterator[Found]:
        """Whether the words of a report speak of it: what they say of it, or that it is not there, a person reads."""
        yield from (Found(state="unclear", what="words of a report") for _ in self.says(pattern))

    def person(self, found: Iterator[Found], what: str) -> Iterator[Found]:
        """Papers that may say it: a person has to look."""
        yield from (Found(state="unclear", what=what) for one in found if one.state == "here")

    def studies(self) -> Iterator[ImagingStudy]:
        """The studies that hold images of the body."""
        return (s for s in self.case.studies if radiology(s))


_HELD = {
    "unreadable": "record that was refused",
    "unclear": "document inside an image that no line under `materials` declares",
}


def _pathology_report(held: Held) -> Iterator[Found]:
    yield from held.reports(*PATHOLOGY)
    yield from held.papers(*REPORT_KINDS)


def _radiology_report(held: Held) -> Iterator[Found]:
    yield from held.reports("radiology")
    yield from held.papers("radiology_report")


def _imaging(held: Held) -> Iterator[Found]:
    files = frozenset(held.evidence.files)
    for study in held.studies():
        if state := of_study(held.case, study, files):
            some = (
                "imaging study with a part of its files"
                if counts(study, files)[0]
                else "imaging study listed without files"
            )
            yield Found(state=state, what="imaging study" if state == "here" else some)
    yield from held.papers("ct_study", "mr_study", "imaging_study")


def _further(held: Held) -> Iterator[Found]:
    names = [b.id for b in held.case.blocks if b.remaining != "exhausted" and not is_told(b.id)]
    for name in (*names, *(s.id for s in held.case.slides if s.kind in ("unstained", "recut"))):
        yield next(iter(held.tissue.found(name)))


def _immunohistochemistry(held: Held) -> Iterator[Found]:
    yield from held.papers(*ADDENDA, "biomarker")
    for report in held.originals(*PATHOLOGY, "laboratory"):
        told = any(s.kind == "ancillary" for s in report.sections) or any(
            f.kind == "biomarker" for f in report.findings
        )
        if told and (state := of_report(report)):
            yield Found(state=state, what="report")
    yield from held.says(_STAINED)
    yield from held.mentions(_STAINS)


def _molecular(held: Held) -> Iterator[Found]:
    yield from held.reports("genomics")
    yield from held.papers("genetic_report")
    yield from held.mentions(_MOLECULAR)


def _diagnosis(held: Held) -> Iterator[Found]:
    yield from (Found(state="here", what="diagnosis") for _ in held.case.diagnoses)


def _history(held: Held) -> Iterator[Found]:
    for report in held.case.reports:
        if any(section.kind == "history" for section in report.sections):
            yield Found(state="here", what="said in a report")
    yield from held.papers(*_HISTORIES)


def _stage(held: Held) -> Iterator[Found]:
    kinds = ("stage-group", "stage-t", "stage-n", "stage-m")
    staged = any(d.stage for d in held.case.diagnoses)
    if staged or any(f.kind in kinds and not f.absent for r in held.case.reports for f in r.findings):
        yield Found(state="here", what="stage")
    yield from held.papers(*kinds)
    yield from held.says(_STAGE)


def _plan(held: Held) -> Iterator[Found]:
    if held.case.request.planned_treatment or any(p.status == "preparation" for p in held.case.procedures):
        yield Found(state="here", what="planned treatment")
    yield from held.papers("treatment_plan")
    yield from held.titled(_PLAN)
    yield from held.person(held.papers(*_HISTORIES), "clinical record")


def _prior(held: Held) -> Iterator[Found]:
    done = [p for p in held.case.procedures if p.status in ("completed", "in-progress", "stopped")]
    if any(not _BIOPSY.search(p.code.label) for p in done):
        yield Found(state="here", what="procedure")
    yield from held.papers("treatment")
    yield from held.says(_TREATED)
    yield from held.mentions(_THERAPIES)
    yield from held.person(_history(held), "clinical history")


def _operative(held: Held) -> Iterator[Found]:
    yield from held.papers("operative_note")
    yield from held.titled(_OPERATIVE)
    yield from held.person(held.papers(*_HISTORIES), "clinical record")


def _question(held: Held) -> Iterator[Found]:
    yield Found(state="here", what="question")  # a request without one is none


def _coverage(held: Held) -> Iterator[Found]:
    yield from (Found(state="here", what="insurance") for _ in filter(None, (held.case.request.coverage,)))


def _tissue(held: Held) -> Iterator[Found]:
    yield from held.tissue.pieces()
    yield from held.papers("tissue")


_FINDERS: dict[str, Callable[[Held], Iterator[Found]]] = {
    "question": _question,
    "pathology-report": _pathology_report,
    "tissue": _tissue,
    "further-sections": _further,
    "immunohistochemistry": _immunohistochemistry,
    "molecular": _molecular,
    "radiology-report": _radiology_report,
    "imaging": _imaging,
    "diagnosis": _diagnosis,
    "clinical-history": _history,
    "stage": _stage,
    "treatment-plan": _plan,
    "prior-treatment": _prior,
    "operative-note": _operative,
    "coverage": _coverage,
}
