"""From a loaded case to the facts of the law: what is asked, and every item the law decides about.

Items are reports, studies, documents, diagnoses, carried clinical resources, and physical materials under custody; who
and where (Patient, Practitioner, Organization ...) are no items. A slide has two sides: what is known of it (an item
like any other) and the glass itself (`ID#physical`), which has its own release.
"""

import datetime as dt
from collections.abc import Iterator
from typing import Any

from adapter.consent import facts as law_facts
from adapter.consent.facts import Facts
from adapter.consent.facts import Material as Item
from adapter.consent.forms import Forms, bound, every_form, forms_of
from adapter.consent.groups import PatientFacts, StateRule
from adapter.consent.law import BOUND, ItemInLaw, classify_resource, classify_study, material, material_of, strict_kinds
from adapter.consent.rules import same_name
from adapter.holding import Loaded
from mappings.domain.access import Access, Authorization, Part2Consent
from mappings.domain.case import Case
from mappings.domain.case import Material as Line
from mappings.domain.material import Block, Slide
from mappings.domain.party import PATIENT, is_foreign
from mappings.domain.report import Report
from mappings.domain.values import PartialDate
from mappings.fhir.carried import Carried

PHYSICAL = "#physical"
_REPORTS = {
    "surgical-pathology": "pathology_report",
    "cytology": "pathology_report",
    "hematopathology": "pathology_report",
    "radiology": "radiology_report",
    "laboratory": "laboratory_report",
    "genomics": "genetic_report",
}


def facts_of(loaded: Loaded, as_of: str) -> Facts:
    """The facts of a case at a time (date-time with offset). Without `access` nothing is known, and nothing goes."""
    case, access = loaded.case, loaded.case.access
    items = items_of(loaded)
    if access is None:
        return Facts(as_of=as_of, materials=items)
    return Facts(
        pathway=access.pathway,
        requester=access.requester,
        recipient=access.recipient,
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
        patient=PatientFacts(deceased_on=_day(case.patient.deceased_on.date) if case.patient.deceased_on else None),
        emergency=case.request.emergency is not None,
        **_papers(case, access, forms_of(loaded)),
    )


def _papers(case: Case, access: Access, forms: Forms) -> dict[str, Any]:
    holder = party_name(case, case.holder)
    given, right = access.authorization, access.representative
    psychotherapy = given is not None and given.psychotherapy_notes is True
    made = _authorization(given, holder) if given else None
    return {
        "directive": law_facts.Directive(
            written=access.directive.written,
            signed=access.directive.signed,
            designee=access.directive.designee,
            address=access.directive.address,
        )
        if access.directive
        else None,
        "authorization": None if psychotherapy else made,
        "psychotherapy_authorization": made if psychotherapy else None,
        "part2_consent": _part2(access.part2_consent) if access.part2_consent else None,
        "representative": law_facts.Representative(type=right.type, scope=right.scope) if right else None,
        "restrictions": tuple(
            law_facts.Restriction(
                agreed=r.agreed, blocks_recipient=r.blocks_recipient, applies_to=every_form(r.items, forms)
            )
            for r in access.restrictions
        ),
        "determinations": tuple(
            law_facts.Determination(
                ground=d.ground,
                by_licensed_professional=d.by_licensed_professional,
                professional=d.professional,
                decided_on=_day(d.made_on),
                applies_to=every_form(d.applies_to, forms),
            )
            for d in access.determinations
        ),
        "loan": law_facts.Loan(
            agreement=access.loan.agreement, return_by=_day(access.loan.return_by), custodian=access.loan.custodian
        )
        if access.loan
        else None,
        "state_rules": dict[str, StateRule](),
    }


def _authorization(given: Authorization, holder: str | None) -> law_facts.Authorization:
    """The authorization's elements; a discloser that is not the holder by name is unknown, and unknown pends."""
    return law_facts.Authorization(
        description=bool(given.description.strip()),
        discloser=True if same_name(given.discloser, holder) else None,
        recipient=bool(given.recipient.strip()),
        recipient_named=given.recipient or None,
        purpose=bool(given.purpose.strip()),
        expiry=given.expiry or None,
        signed=given.signed,
        signed_on=_day(given.signed_on),
        signer=given.signer,
        representative_authority_described=given.representative_authority_described,
        statement_revocation=given.statement_revocation,
        statement_conditioning=given.statement_conditioning,
        statement_redisclosure=given.statement_redisclosure,
        compound=given.compound,
        conditioned=given.conditioned,
        known_false=given.known_false,
        revoked_in_writing_on=_day(given.revoked_in_writing_on),
        revoked=given.revoked_in_writing_on is not None or None,
        covers=given.covers,
    )


def _part2(given: Part2Consent) -> law_facts.Part2Consent:
    return law_facts.Part2Consent(
        patient_named=given.patient_named,
        discloser=given.discloser,
        description=given.description,
        recipients=given.recipients or None,
        recipient_is_covered_entity=given.recipient_is_covered_entity,
        tpo_single_consent=given.tpo_single_consent,
        hipaa_redisclosure_statement=given.hipaa_redisclosure_statement,
        purpose=given.purpose or None,
        revocation_right=given.revocation_right,
        expiry=given.expiry or None,
        signed=given.signed,
        signed_on=_day(given.signed_on),
        redisclosure_potential_statement=given.redisclosure_potential_statement,
        refusal_consequences_statement=given.refusal_consequences_statement,
        revoked_on=_day(given.revoked_on),
        revoked=given.revoked_on is not None or None,
    )


def _day(date: PartialDate | None) -> dt.date | None:
    """A date known to the day; a month is not (and what rests on it stays unknown)."""
    return dt.date.fromisoformat(date) if date is not None and date.precision == "day" else None


def party_name(case: Case, name: str | None) -> str | None:
    """The name of a party of the case as its papers would name it."""
    if name == PATIENT:
        return case.patient.names[0].label
    organization = next((o for o in case.organizations if o.id == name), None)
    if organization:
        return organization.name
    names = {p.id: p.names[0].label for p in case.practitioners} | {
        p.id: p.names[0].label for p in case.related_persons
    }
    if name in names:
        return names[name]
    role = next((r for r in case.roles if r.id == name), None)
    return party_name(case, role.organization) if role else None


# --- items


def items_of(loaded: Loaded) -> tuple[Item, ...]:
    """Every item the law decides about, in a fixed order; lines of the case override what the tables say."""
    case = loaded.case
    forms = forms_of(loaded)
    lines = {line.item: line for line in case.materials if line.item}
    paths = {line.path: line for line in case.materials if line.path}
    names = {document.path: document.id for document in case.documents}
    kept_out = {line.item or names.get(str(line.path), "") for line in case.materials if not line.offered}
    found = [*_carried(loaded, lines, forms), *_native(case, lines), *_physical(case)]
    for document in case.documents:
        line = paths.get(document.path)
        kind, also = strict_kinds(document.kind, *_told_kinds(line))
        found.append(material(document.id, kind or document.kind, also=also, **(_overrides(line) if line else {})))
    out = loaded.unowned | set(every_form(kept_out, forms))
    return tuple(item for item in bound(tuple(found), forms) if item.id not in out)


def _carried(loaded: Loaded, lines: dict[str, Line], forms: Forms) -> Iterator[Item]:
    laws = {item.full_url: law for item in loaded.carried if (law := classify_carried(item)) is not None}
    binaries = {item.full_url for item in loaded.carried if item.type == "Binary"}
    kept_back = {url for url, law in laws.items() if law.labels} | _told_sensitive(loaded, lines)
    for url, law in laws.items():
        line = lines.get(url)
        follows = url in binaries and line is None and not kept_back & {url, *forms.get(url, ())}
        if follows:
            continue
        known = _overrides(line) if line else {}
        known["kind"], known["also"] = strict_kinds(law.kind, *law.also, *_told_kinds(line))
        yield material_of(url, law, **known)


def classify_carried(item: Carried) -> ItemInLaw | None:
    """What a carried resource is in law; the labels of the Bundle it came in bind it."""
    return classify_resource(item.resource, getattr(item, "labels", ()))


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


def _native(case: Case, lines: dict[str, Line]) -> Iterator[Item]:
    yield _item(case.request.id, "clinical_record", lines)
    for report in case.reports:
        if not is_foreign(report.id):
            yield _item(report.id, _report_kind(report), lines, completed=_finished(report))
    for study in case.studies:
        if not is_foreign(study.id):
            line = lines.get(study.id) or lines.get(study.uid)
            yield _item(study.id, classify_study(study.modalities), {study.id: line} if line else {})
    for plain in (*case.diagnoses, *case.procedures, *case.parts, *case.blocks, *case.slides):
        if not is_foreign(plain.id):
            yield _item(plain.id, "clinical_record", lines)
    for comparison in case.concordances:
        yield _item(comparison.id, "second_opinion_report", lines)


def _item(name: str, kind: str, lines: dict[str, Line], **known: Any) -> Item:
    line = lines.get(name)
    told, also = strict_kinds(kind, *_told_kinds(line))
    return material(name, told or kind, also=also, **known | (_overrides(line) if line else {}))


def _report_kind(report: Report) -> str:
    return "second_opinion_report" if report.role == "review" else _REPORTS.get(report.kind, "second_opinion_report")


def _finished(report: Report) -> bool:
    return report.status not in ("registered", "partial", "preliminary")


def _overrides(line: Line) -> dict[str, Any]:
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
    return {name: value for name, value in told.items() if value is not None}


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
