"""What a case says of the request itself, as facts of the law: who is involved, how a copy goes, how far it reaches."""

from typing import Any

from adapter.consent import facts as law_facts
from adapter.consent.case_days import day_of
from adapter.consent.groups import PatientFacts, Research, Source, StateRule
from adapter.consent.names import PHYSICAL, Names, meant
from mappings.domain.access import Access
from mappings.domain.access_groups import InLaw, Manner, MinimumNecessary, MinorPatient, ResearchRequest
from mappings.domain.case import Case


def request_of(access: Access) -> dict[str, Any]:
    """The facts of the request that stand in groups of their own, by the names they have in `Facts`."""
    limits = access.minimum_necessary or MinimumNecessary()
    involved, elected, order = access.involvement, access.election, access.court_order
    return {
        "received_by_associate_at": str(access.received_by_associate_at) if access.received_by_associate_at else None,
        "written_required": access.written_required,
        "informed_of_written_rule": access.informed_of_written_rule,
        "actions_requested": access.actions,
        "asserted_reason": access.asserted_reason,
        "site_demands": access.site_demands,
        "scope": limits.scope,
        "entire_record_justification": limits.entire_record_justification,
        "required_by_law": access.required_by_law,
        "family": law_facts.Family(**_told(involved)) if involved else None,
        "minor": _minor(access.minor) if access.minor else None,
        "election": law_facts.Election(**_told(elected)) if elected else None,
        "court_order": law_facts.CourtOrder(**_told(order)) if order else None,
        "state_rules": {name: StateRule(on_file=True) for name in access.state_consents},
        **_research(access),
        **_told(access.manner or Manner()),
    }


def patient_of(case: Case, access: Access) -> PatientFacts:
    """What about the patient changes the law; a death known to the month or year is a death on no known day."""
    patient = case.patient
    return PatientFacts(
        unemancipated_minor=access.minor.unemancipated if access.minor else None,
        inmate=access.inmate,
        deceased=True if patient.deceased_on is not None else patient.deceased,
        deceased_on=day_of(patient.deceased_on.date) if patient.deceased_on else None,
    )


def item_in_law(told: InLaw, names: Names) -> dict[str, Any]:
    """The facts of one item that its line says, by the names they have in `Material`; what is unknown is left out."""
    facts = {name: value for name, value in _told(told).items() if value is not None and name != "statement"}
    slides = meant(told.scan_of, names) if told.scan_of else ()
    facts["scan_of"] = tuple(f"{slide.removesuffix(PHYSICAL)}{PHYSICAL}" for slide in slides)
    facts["research"] = Research(**_told(told.research)) if told.research else None
    facts["source"] = Source(**_told(told.source)) if told.source else None
    return facts


def _told(group: Any) -> dict[str, Any]:
    """The fields of a group whose names are those of the facts."""
    return {name: getattr(group, name) for name in group.__struct_fields__}


def _minor(told: MinorPatient) -> law_facts.Minor:
    return law_facts.Minor(**{name: value for name, value in _told(told).items() if name != "unemancipated"})


def _research(access: Access) -> dict[str, Any]:
    told, limited = access.research or ResearchRequest(), access.limited_data_set
    represented = {name: value for name, value in _told(told).items() if name != "waiver_documented"}
    return {
        "irb_waiver": law_facts.Waiver(documented=told.waiver_documented) if access.research else None,
        "representations": law_facts.Representations(**represented) if told.review else None,
        "limited_data_set": law_facts.LimitedDataSet(**_told(limited)) if limited else None,
    }
