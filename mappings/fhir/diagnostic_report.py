"""Reports <-> DiagnosticReport (https://hl7.org/fhir/R4/diagnosticreport.html).

A review is a new report: it extends the original, which stays as it is. The sections of the narrative are contained
Observations under `result`, each with the code of its heading and its words, so that any FHIR reader shows them; the
findings are Observations of their own.
"""

from collections.abc import Iterable, Mapping

from mappings.domain.party import PATIENT
from mappings.domain.report import Finding, Report, Section
from mappings.fhir import observation
from mappings.fhir.concordance import is_concordance
from mappings.fhir.context import URN, Reading, Writing
from mappings.fhir.datatypes import (
    Rule,
    compact,
    concept,
    construct,
    extensions,
    first_of,
    from_table,
    many,
    moment,
    objects,
    read_concept,
    read_moment,
    read_table,
    text,
)
from mappings.fhir.people import identifier, read_identifiers
from mappings.fhir.wire import Json
from mappings.problems import Problem, ProblemError, refuse
from mappings.terminology.tables import table

PROFILE = "http://hl7.org/fhir/StructureDefinition/DiagnosticReport"
EXTENDS = "http://hl7.org/fhir/StructureDefinition/diagnosticReport-extends"
ADDENDUM_OF = "http://hl7.org/fhir/StructureDefinition/diagnosticReport-addendumOf"
SUMMARY_OF = "http://hl7.org/fhir/StructureDefinition/diagnosticReport-summaryOf"
"""Extensions of FHIR R4 itself (R4 4.0.1, extension registry of DiagnosticReport)."""
BINARY = "#binary"
"""`ID#binary` is where the bytes of the document ID are: its Binary, or its path below the root of the bundle."""
_FORM = ("extension", "contentType", "language", "data", "url", "size", "hash", "title", "creation")

RULES = (
    Rule("report.sections", "DiagnosticReport.contained", "an Observation each, with its words as valueString"),
    Rule("report.sections.kind", "DiagnosticReport.contained.code", "table report-section or radiology-section"),
    Rule("report.sections.text", "DiagnosticReport.contained.valueString"),
    Rule("report.extends", "DiagnosticReport.extension:diagnosticReport-extends"),
    Rule("report.addendum_of", "DiagnosticReport.extension:diagnosticReport-addendumOf"),
    Rule("report.summary_of", "DiagnosticReport.extension:diagnosticReport-summaryOf"),
    Rule("report.identifiers", "DiagnosticReport.identifier"),
    Rule("report.request", "DiagnosticReport.basedOn"),
    Rule("report.status", "DiagnosticReport.status", "the same words"),
    Rule("report.kind", "DiagnosticReport.category", "tables report-category and report-kind"),
    Rule("report.role", "DiagnosticReport.category", "table report-role"),
    Rule("report.kind", "DiagnosticReport.code", "table report-code"),
    Rule("patient", "DiagnosticReport.subject"),
    Rule("report.effective", "DiagnosticReport.effectiveDateTime"),
    Rule("report.issued", "DiagnosticReport.issued"),
    Rule("report.organization", "DiagnosticReport.performer"),
    Rule("report.authors", "DiagnosticReport.resultsInterpreter"),
    Rule("report.examined", "DiagnosticReport.specimen"),
    Rule("report.sections, report.findings, concordance", "DiagnosticReport.result", "in this order"),
    Rule("report.studies", "DiagnosticReport.imagingStudy"),
    Rule("report.conclusion", "DiagnosticReport.conclusion"),
    Rule("report.conclusion_codes", "DiagnosticReport.conclusionCode", "codes of the source"),
    Rule("report.documents", "DiagnosticReport.presentedForm.url", "the Binary, or the path in the bundle"),
)


def to_fhir(
    report: Report,
    ctx: Writing,
    *,
    forms: Mapping[str, Json] | None = None,
    concordances: Iterable[str] = (),
) -> Json:
    """Write the report itself; its findings are written by `findings_to_fhir`.

    Args:
        report: the report.
        ctx: where everything is; the bytes of the document `ID` are at the name `ID#binary`.
        forms: by local name of a document, more members of its Attachment (contentType, title, hash, size).
        concordances: local names of the concordances this report states; `result` points at them too.

    Raises:
        ProblemError: `not-found` where what it points at is not part of what is written.
    """
    sections = [_section(number, section, report) for number, section in enumerate(report.sections, 1)]
    results = [{"reference": f"#{section['id']}"} for section in sections]
    return compact(
        {
            "resourceType": "DiagnosticReport",
            "id": ctx.id(report.id),
            "meta": ctx.meta(),
            "contained": sections,
            "extension": _relations(report, ctx),
            "identifier": many(identifier, report.identifiers),
            "basedOn": [ctx.to(report.request)] if report.request else None,
            "status": report.status,
            "category": [from_table(f"report-{name}", report.kind) for name in ("category", "kind")]
            + [from_table("report-role", report.role)],
            "code": from_table("report-code", report.kind),
            "subject": ctx.to(PATIENT),
            **moment("effectiveDateTime", report.effective),
            **moment("issued", report.issued),
            "performer": [ctx.to(report.organization)] if report.organization else None,
            "resultsInterpreter": ctx.to_all(report.authors),
            "specimen": ctx.to_all(report.examined),
            "result": results + ctx.to_all(finding.id for finding in report.findings) + ctx.to_all(concordances),
            "imagingStudy": ctx.to_all(report.studies),
            "conclusion": report.conclusion,
            "conclusionCode": [concept(code) for code in report.conclusion_codes],
            "presentedForm": [_form(name, ctx, (forms or {}).get(name, {})) for name in report.documents],
        }
    )


def findings_to_fhir(report: Report, ctx: Writing) -> list[Json]:
    """Write the findings of the report, each as an Observation."""
    return [observation.finding_to_fhir(finding, ctx, report=report) for finding in report.findings]


def _relations(report: Report, ctx: Writing) -> list[Json]:
    named = (
        (EXTENDS, (report.extends,)),
        (ADDENDUM_OF, (report.addendum_of,)),
        (SUMMARY_OF, report.summary_of),
    )
    return [{"url": url, "valueReference": ctx.to(name)} for url, names in named for name in names if name]


def _section(number: int, section: Section, report: Report) -> Json:
    radiology = report.kind.startswith("radiology") and section.kind in table("radiology-section").values
    return {
        "resourceType": "Observation",
        "id": f"section-{number}",
        "status": observation.status_of(report),
        "code": from_table("radiology-section" if radiology else "report-section", section.kind),
        "valueString": section.text,
    }


def _form(name: str, ctx: Writing, more: Json) -> Json:
    members = {**more, "url": ctx.to(name + BINARY)["reference"]}
    return compact({key: members.get(key) for key in _FORM})


# --- reading


def from_fhir(resource: Json, ctx: Reading, *, results: Iterable[Json] = ()) -> Report:
    """Read a DiagnosticReport. `results` are the Observations that came with it; those under `result` are its own.

    An Observation that no finding can hold is left out of the reading; `read` says which.

    Raises:
        ProblemError: the kind of report is in no table, or a value is not valid.
    """
    return read(resource, ctx, results=results)[0]


def read(resource: Json, ctx: Reading, *, results: Iterable[Json] = ()) -> tuple[Report, tuple[Problem, ...]]:
    """Read a DiagnosticReport and say what of its results the reading leaves out (the original keeps it).

    Raises:
        ProblemError: see `from_fhir`.
    """
    sections, findings, problems = _read_results(resource, ctx, results)
    organization, authors = _read_performers(resource, ctx)
    extends, addendum, summary = (_related(resource, url, ctx) for url in (EXTENDS, ADDENDUM_OF, SUMMARY_OF))
    based_on = ctx.all(resource.get("basedOn"))
    codes = (read_concept(item) for item in objects(resource.get("conclusionCode")))
    report = construct(
        Report,
        "DiagnosticReport",
        id=ctx.own(resource),
        role=first_of("report-role", resource.get("category")) or ("review" if extends else "original"),
        kind=_read_kind(resource),
        status=resource.get("status"),
        identifiers=read_identifiers(resource.get("identifier")),
        effective=read_moment(resource, "effectiveDateTime"),
        issued=read_moment(resource, "issued"),
        authors=authors,
        organization=organization,
        sections=sections,
        findings=findings,
        conclusion=text(resource.get("conclusion")),
        conclusion_codes=tuple(code for code in codes if code),
        examined=ctx.all(resource.get("specimen")),
        studies=ctx.all(resource.get("imagingStudy")),
        documents=_read_documents(resource, ctx),
        extends=next(iter(extends), None),
        addendum_of=next(iter(addendum), None),
        summary_of=summary,
        request=next(iter(based_on), None),
    )
    return report, problems


def _read_kind(resource: Json) -> str:
    """Our own word for the kind, else the table's word for the code, else that for the category."""
    categories = resource.get("category")
    found = (
        first_of("report-kind", categories)
        or read_table("report-code", resource.get("code"))
        or first_of("report-category", categories)
    )
    if found is None:
        message = "the tables report-code and report-category list neither its code nor its category: add a row"
        raise refuse("code-invalid", "DiagnosticReport.code", message, rule="table.report-code")
    return found


def _related(resource: Json, url: str, ctx: Reading) -> tuple[str, ...]:
    return ctx.all([item.get("valueReference") for item in extensions(resource, url)])


def _read_performers(resource: Json, ctx: Reading) -> tuple[str | None, tuple[str, ...]]:
    """The first performer that is not said to be a person is the organization; everybody else is an author."""
    authors = list(ctx.all(resource.get("resultsInterpreter")))
    organization: str | None = None
    for reference in objects(resource.get("performer")):
        name = ctx.name(reference)
        if name and organization is None and not _is_person(reference, name):
            organization = name
        elif name and name not in authors:
            authors.append(name)
    return organization, tuple(authors)


def _is_person(reference: Json, name: str) -> bool:
    said = [str(reference.get("type")), *str(reference.get("reference")).split("/")[-2:-1], *name.split("/")[:-1]]
    return any(kind in ("Practitioner", "PractitionerRole", "CareTeam") for kind in said)


def _read_documents(resource: Json, ctx: Reading) -> tuple[str, ...]:
    urls = (text(form.get("url")) for form in objects(resource.get("presentedForm")))
    return tuple(ctx.names[url].removesuffix(BINARY) for url in urls if url and url in ctx.names)


Results = tuple[tuple[Section, ...], tuple[Finding, ...], tuple[Problem, ...]]


def _read_results(resource: Json, ctx: Reading, results: Iterable[Json]) -> Results:
    known = {f"#{item.get('id')}": item for item in objects(resource.get("contained"))}
    for item in results:
        known.update({f"{URN}{item.get('id')}": item, f"Observation/{item.get('id')}": item})
    sections: list[Section] = []
    findings: list[Finding] = []
    problems: list[Problem] = []
    for number, reference in enumerate(objects(resource.get("result"))):
        literal = str(reference.get("reference"))
        found = known.get(literal) or known.get("/".join(literal.split("/")[-2:]))
        if found is None or found.get("resourceType") != "Observation" or is_concordance(found):
            continue
        if section := _read_section(found):
            sections.append(section)
            continue
        local = _contained_name(ctx.own(resource), literal) if literal.startswith("#") else None
        try:
            findings.append(observation.finding_from_fhir(found, ctx, local=local))
        except ProblemError as error:
            problems.extend(_told(problem, number) for problem in error.problems)
    return tuple(sections), tuple(findings), tuple(problems)


def _contained_name(report: str, fragment: str) -> str:
    """The name of what a report contains: the report's own with the fragment, in the shape that names have."""
    whole = report.startswith(("http://", "https://", "urn:"))
    return report + fragment if whole else f"Observation/{report.rpartition('/')[2]}.{fragment[1:]}"


def _told(found: Problem, number: int) -> Problem:
    where = f"DiagnosticReport.result[{number}].resolve().{found.where}"
    return Problem(severity="warning", code=found.code, where=where, message=found.message, rule=found.rule)


def _read_section(resource: Json) -> Section | None:
    """A heading of the tables with words, unless it says that it is a finding."""
    code = resource.get("code")
    kind = read_table("report-section", code) or read_table("radiology-section", code)
    words = text(resource.get("valueString"))
    if not kind or not words or not words.strip() or first_of("finding-kind", resource.get("category")):
        return None
    return construct(Section, "Observation", kind=kind, text=words)
