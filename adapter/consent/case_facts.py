"""From a loaded case to the facts of the law: what is asked, and every item the law decides about.

Items are reports, studies, documents, diagnoses, carried clinical resources, and physical materials under custody; who
and where (Patient, Practitioner, Organization ...) are no items. A slide has two sides: what is known of it (an item
like any other) and the glass itself (`ID#physical`), which has its own release.
"""

from collections.abc import Iterator
from typing import Any

import msgspec

from adapter.consent.case_papers import contradicts, papers_of, party_name
from adapter.consent.case_request import item_in_law, patient_of, request_of
from adapter.consent.enclosed import resting
from adapter.consent.facts import Facts
from adapter.consent.facts import Material as Item
from adapter.consent.foreign_case import named_in_denials, with_consents
from adapter.consent.foreign_readings import SHIPPED, readings_of
from adapter.consent.forms import Forms, bound, every_form, forms_of
from adapter.consent.groups import Holder
from adapter.consent.law import BOUND, ItemInLaw, classify_resource, classify_study, material, material_of, strict_kinds
from adapter.consent.names import PHYSICAL, Names, kept_back, meant, names_of, unknown_names
from adapter.consent.papers import as_paper, documents_of
from adapter.consent.policy import Policy
from adapter.holding import Loaded
from mappings.domain.case import Case
from mappings.domain.case import Material as Line
from mappings.domain.material import Block, Slide, is_told
from mappings.domain.party import is_foreign
from mappings.domain.report import Report
from mappings.fhir.carried import Carried
from mappings.problems import ProblemError

__all__ = ["PHYSICAL", "classify_carried", "facts_of", "items_of", "moving", "party_name"]
UNSAID = Holder()
PLAIN = ItemInLaw(kind="clinical_record", in_drs=True, maintained_in="ehr", part2=False)
"""What a resource is that only supports others, once a Consent denies it by name."""
_REPORTS = {
    "surgical-pathology": "pathology_report",
    "cytology": "pathology_report",
    "hematopathology": "pathology_report",
    "radiology": "radiology_report",
    "laboratory": "laboratory_report",
    "genomics": "genetic_report",
}


def facts_of(loaded: Loaded, as_of: str, holder: Holder = UNSAID, policy: Policy | None = None) -> Facts:
    """The facts of a case at a time (date-time with offset). Without `access` nothing is known, and nothing goes.

    `holder` is what the holder is in law, as the deployment's settings say; by `policy` Consents in the record are read
    (left out: as shipped).

    Raises:
        ProblemError: a name in the case means nothing here, so that what it is to protect would not be.
    """
    case, access, forms, names = loaded.case, loaded.case.access, forms_of(loaded), names_of(loaded)
    if unknown := unknown_names(loaded, frozenset(item.id for item in _found(loaded)), forms):
        raise ProblemError(unknown)
    items, readings = items_of(loaded), readings_of(policy) if policy else SHIPPED
    if access is None:
        return Facts(as_of=as_of, materials=items)
    return Facts(
        pathway=access.pathway,
        requester=access.requester,
        recipient=None if contradicts(case, access) else access.recipient,
        recipient_name=party_name(case, access.recipient_party),
        recipient_is_provider=access.recipient_is_provider,
        purpose=access.purpose,
        engaged_by_payer=access.engaged_by_payer,
        request_form=access.request_form,
        identity_verified=access.identity_verified,
        authority_verified=access.authority_verified,
        received_at=str(access.received_at) if access.received_at else None,
        holder_tz=access.holder_tz,
        as_of=as_of,
        materials=items,
        patient=patient_of(case, access),
        holder=holder,
        emergency=case.request.emergency is not None,
        **request_of(access),
        **with_consents(loaded, access, items, papers_of(case, access, names, forms), as_of, names, forms, readings),
    )


# --- items


def items_of(loaded: Loaded) -> tuple[Item, ...]:
    """Every item the law decides about, in a fixed order; lines of the case override what the tables say."""
    forms, names = forms_of(loaded), names_of(loaded)
    kept_out = [str(line.item or line.path) for line in loaded.case.materials if not line.offered]
    unread = every_form((item.full_url for item in loaded.unread), forms)
    out = {*loaded.unowned, *kept_back(kept_out, names, forms), *unread}
    items = tuple(item for item in bound(_found(loaded), forms) if item.id not in out)
    statements, here = statements_of(loaded), {item.id for item in items}
    return tuple(_accompanied(item, statements.get(item.id, frozenset()) & here) for item in items)


def statements_of(loaded: Loaded) -> dict[str, frozenset[str]]:
    """Item -> the document that a line names as its statement of disagreement (45 CFR 164.526(d)(5)(i))."""
    names = names_of(loaded)
    told = [(line, line.in_law.statement) for line in loaded.case.materials if line.in_law and line.in_law.statement]
    return {
        item: frozenset(meant(statement, names)) - {item}
        for line, statement in told
        for item in meant(str(line.item or line.path), names)
    }


def _accompanied(item: Item, statement: frozenset[str]) -> Item:
    """The item; that its statement goes along is not known unless the statement is asked for with it."""
    return item if statement else msgspec.structs.replace(item, statement_included=None)


def _found(loaded: Loaded) -> tuple[Item, ...]:
    """Every item of the case, whether it is asked for or not."""
    case, names, forms = loaded.case, names_of(loaded), forms_of(loaded)
    led = [_led(line, names) for line in case.materials]
    lines = {name: line for line in led if line.item for name in meant(line.item, names)}
    paths = {line.path: line for line in led if line.path}
    found = [*_carried(loaded, lines, forms, names), *_native(case, lines, names), *_physical(case)]
    for document in case.documents:
        line = paths.get(document.path)
        kind, also = strict_kinds(document.kind, *_told_kinds(line))
        found.append(
            material(document.id, kind or document.kind, also=also, **(_overrides(line, names) if line else {}))
        )
    papers, shown = documents_of(loaded, names, forms), _slides_shown(case)
    inside, whole = resting(loaded)
    told = (as_paper(_showing(item, shown), papers) for item in found)
    return tuple(
        msgspec.structs.replace(item, enclosed_in=inside.get(item.id, ()), encloses=whole.get(item.id, ()))
        for item in told
    )


def _led(line: Line, names: Names) -> Line:
    """The line with the id of what it says it repeats."""
    repeated = meant(line.duplicate_of, names) if line.duplicate_of else ()
    return msgspec.structs.replace(line, duplicate_of=repeated[0]) if repeated else line


def _carried(loaded: Loaded, lines: dict[str, Line], forms: Forms, names: Names) -> Iterator[Item]:
    laws = {item.full_url: law for item in loaded.carried if (law := classify_carried(item)) is not None}
    named = named_in_denials(loaded) - laws.keys()
    laws |= {item.full_url: PLAIN for item in loaded.carried if item.full_url in named}
    binaries = {item.full_url for item in loaded.carried if item.type == "Binary"}
    kept_back = {url for url, law in laws.items() if law.labels} | _told_sensitive(loaded, lines)
    for url, law in laws.items():
        line = lines.get(url)
        follows = url in binaries and line is None and not kept_back & {url, *forms.get(url, ())}
        if follows:
            continue
        known = _overrides(line, names) if line else {}
        known["data_classes"] = (*law.data_classes, *known.get("data_classes", ()))
        known["kind"], known["also"] = strict_kinds(law.kind, *law.also, *_told_kinds(line))
        yield material_of(url, law, **known)


def classify_carried(item: Carried) -> ItemInLaw | None:
    """What a carried resource is in law; the labels of the Bundle it came in bind it."""
    return classify_resource(item.resource, item.labels)


def _told_kinds(line: Line | None) -> tuple[str | None, ...]:
    """The kinds a line says, one by its kind and one by its sensitivity."""
    if line is None:
        return ()
    return (line.kind, "psychotherapy_notes" if line.sensitivity == "psychotherapy" else None)


def _told_sensitive(loaded: Loaded, lines: dict[str, Line]) -> set[str]:
    """What the case itself says to be of a kind that no other form makes less of."""
    kinds = {document.id: document.kind for document in loaded.case.documents}
    kinds |= {name: line.kind for name, line in lines.items() if line.kind}
    told = {line.path: line.sensitivity for line in loaded.case.materials if line.path}
    sensitive = {d.id for d in loaded.case.documents if told.get(d.path)} | {
        n for n, li in lines.items() if li.sensitivity
    }
    return {name for name, kind in kinds.items() if kind in BOUND} | sensitive


def _native(case: Case, lines: dict[str, Line], names: Names) -> Iterator[Item]:
    yield _item(case.request.id, "clinical_record", lines, names)
    for report in case.reports:
        if not is_foreign(report.id):
            yield _item(report.id, _report_kind(report), lines, names, completed=_finished(report))
    for study in case.studies:
        if not is_foreign(study.id):
            yield _item(study.id, classify_study(study.modalities), lines, names)
    for plain in (*case.diagnoses, *case.procedures, *case.parts, *case.blocks, *case.slides):
        if not is_foreign(plain.id) and not is_told(plain.id):
            yield _item(plain.id, "clinical_record", lines, names)
    for comparison in case.concordances:
        yield _item(comparison.id, "second_opinion_report", lines, names)


def _item(name: str, kind: str, lines: dict[str, Line], names: Names, **known: Any) -> Item:
    line = lines.get(name)
    told, also = strict_kinds(kind, *_told_kinds(line))
    return material(name, told or kind, also=also, **known | (_overrides(line, names) if line else {}))


def _report_kind(report: Report) -> str:
    return "second_opinion_report" if report.role == "review" else _REPORTS.get(report.kind, "second_opinion_report")


def _finished(report: Report) -> bool:
    return report.status not in ("registered", "partial", "preliminary")


def _overrides(line: Line, names: Names) -> dict[str, Any]:
    told: dict[str, Any] = {
        "maintained_in": line.maintained_in,
        "in_drs": line.in_drs,
        "held": line.held,
        "known_location": line.known_location,
        "completed": line.completed,
        "duplicate_of": line.duplicate_of,
    }
    if line.sensitivity == "part2":
        told["part2"] = True
    elif line.sensitivity not in (None, "psychotherapy"):
        told["data_class"] = line.sensitivity
    told |= item_in_law(line.in_law, names) if line.in_law else {}
    return {name: value for name, value in told.items() if value is not None}


def _slides_shown(case: Case) -> dict[str, tuple[str, ...]]:
    """Id of a whole-slide study -> the slides (the glass) that its series show."""
    shown = {s.id: [f"{slide}{PHYSICAL}" for series in s.series for slide in series.slides] for s in case.studies}
    return {name: tuple(dict.fromkeys(slides)) for name, slides in shown.items() if slides}


def _showing(item: Item, shown: dict[str, tuple[str, ...]]) -> Item:
    if item.id not in shown:
        return item
    return msgspec.structs.replace(item, scan_of=tuple(dict.fromkeys((*item.scan_of, *shown[item.id]))))


def moving(case: Case) -> frozenset[str]:
    """The parts, blocks and slides that are asked for or on their way; what is lost, broken or back goes nowhere."""
    last = {name: event.kind for event in case.custody for name in event.items}
    return frozenset(name for name, kind in last.items() if kind in _GOING)


_GOING = frozenset(("requested", "released", "shipped", "received"))


def _physical(case: Case) -> Iterator[Item]:
    """The things themselves, where custody says that they go somewhere."""
    going = moving(case)
    for thing in (*case.parts, *case.blocks, *case.slides):
        if thing.id in going:
            kind = "glass_slide" if isinstance(thing, Slide) else "paraffin_block"
            kind = kind if isinstance(thing, (Slide, Block)) else "tissue_specimen"
            yield material(f"{thing.id}{PHYSICAL}", kind)
