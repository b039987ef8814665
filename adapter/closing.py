"""Closing the account: what became of every unit of the case folder, and why."""

import msgspec

from adapter.account import Account, Outcome, Unit, account
from adapter.checked import Checked
from adapter.consent.forms import every_form, forms_of
from adapter.consent.release import Release
from adapter.holding import ENCLOSED, INSIDE_BUNDLE, UNDECLARED, Draft
from mappings.fhir.carried import pointers
from mappings.fhir.wire import Json
from mappings.problems import Problem, problem


def _unsupplied(found: Problem) -> bool:
    """What the validator says of a target that is not in the Bundle: the account says it with the reference itself."""
    return found.rule == "fhir.reference" and found.code == "not-found" and not found.stops


def inside(found: Problem, resource: Json) -> Problem:
    """A Problem of an entry, said of the resource itself."""
    path = found.where.partition(".resource")[2]
    return msgspec.structs.replace(found, where=f"{resource['resourceType']}{path}")


def open_references(checked: Checked, released: Release) -> dict[str, tuple[Problem, ...]]:
    """References of released resources to what was never supplied, by fullUrl: they stay and are listed."""
    held = {item.full_url for item in checked.loaded.carried} | set(checked.loaded.aliases)
    found: dict[str, list[Problem]] = {}
    for item in released.carried:
        for holder, member, literal in pointers(item.resource):
            if member == "reference" and not literal.startswith("#") and item.resolve(literal) not in held:
                where = f"{item.unit} -> {holder[member]}"
                message = "refers to something that is not in the case; the reference stays as it came"
                note = problem("not-found", where, message, rule="case.reference", severity="warning")
                found.setdefault(item.full_url, []).append(note)
    return {url: tuple(notes) for url, notes in found.items()}


def close_account(
    checked: Checked,
    released: Release,
    carried_problems: dict[str, tuple[Problem, ...]],
    noticed: tuple[Problem, ...] = (),
) -> Account:
    """What became of every unit of the case folder."""
    about = _about(checked, released, carried_problems)
    resources = _resources(released)
    for item in checked.facts.materials:
        if item.id in checked.decision.duplicates and item.duplicate_of in resources:
            resources[item.id] = resources[item.duplicate_of]
    enclosed = frozenset(checked.loaded.enclosed.values())
    resources |= {name: ("ImagingStudy", *said) for name, said in resources.items() if name in enclosed}
    reasons: dict[str, list[Problem]] = {}
    for reason in checked.decision.reasons:
        if reason.item in checked.decision.excluded:
            message = f"{reason.sentence} Next: {reason.next_step} ({reason.citation})"
            found = problem("suppressed", str(reason.item), message, rule=reason.code, severity="information")
            reasons.setdefault(str(reason.item), []).append(found)
    units = [_unit(draft, checked, resources, reasons, about) for draft in checked.loaded.drafts]
    return account(units, (*checked.loaded.problems, *noticed))


def _about(
    checked: Checked, released: Release, carried_problems: dict[str, tuple[Problem, ...]]
) -> dict[str, tuple[Problem, ...]]:
    open_ones = open_references(checked, released)
    told = {url: tuple(p for p in found if not _unsupplied(p)) for url, found in carried_problems.items()}
    less = _subsets(checked, released)
    each = (less, told, open_ones)
    return {url: tuple(note for notes in each for note in notes.get(url, ())) for url in {*less, *told, *open_ones}}


def _subsets(checked: Checked, released: Release) -> dict[str, tuple[Problem, ...]]:
    """What goes with something taken out of it, by fullUrl, and which claims it lost: for the holder alone."""
    before = {item.full_url: item for item in checked.loaded.carried}
    found: dict[str, tuple[Problem, ...]] = {}
    for item in released.carried:
        original = before[item.full_url]
        if item.resource == original.resource:
            continue
        lost = [claim for claim in _claims(original.resource) if claim not in _claims(item.resource)]
        claims = f"; claims dropped, since it no longer satisfies them: {', '.join(lost)}" if lost else ""
        message = (
            f"an element that names what stays was taken out, and narratives; it is no longer the original{claims}"
        )
        note = problem("informational", original.unit, message, rule="gate.subset", severity="information")
        found[item.full_url] = (note,)
    return found


def _claims(resource: Json) -> list[str]:
    meta = resource.get("meta")
    claims = meta.get("profile") if isinstance(meta, dict) else None
    return [claim for claim in claims if isinstance(claim, str)] if isinstance(claims, list) else []


def _resources(released: Release) -> dict[str, tuple[str, ...]]:
    """Local name -> the resources that say it in the bundle."""
    found: dict[str, tuple[str, ...]] = {}
    found |= {item.full_url: (f"{item.type}/{item.resource.get('id', '')}",) for item in released.carried}
    found |= {study.id: ("ImagingStudy",) for study in released.case.studies}
    found |= {report.id: ("DiagnosticReport",) for report in released.case.reports if report.id not in found}
    return found | {item.id: ("DocumentReference",) for item in released.case.documents}


def _unit(
    draft: Draft,
    checked: Checked,
    resources: dict[str, tuple[str, ...]],
    reasons: dict[str, list[Problem]],
    carried_problems: dict[str, tuple[Problem, ...]],
) -> Unit:
    went = [name for name in draft.names if name in resources]
    problems = list(draft.problems)
    for name in draft.names:
        problems += reasons.get(name, []) + list(carried_problems.get(name, ()))
        if (name not in resources or name in checked.decision.duplicates) and name not in reasons:
            problems.append(_why(name, draft, checked))
    undeclared = any(p.rule in (UNDECLARED, ENCLOSED, INSIDE_BUNDLE) for p in draft.problems)
    outcome: Outcome
    if draft.refused:
        outcome = "refused"
    elif undeclared or (draft.names and not went):
        outcome = "withheld"
    elif any(name in checked.loaded.documents for name in draft.names):
        outcome = "kept"
    else:
        outcome = "mapped"
    said = tuple(resource for name in went for resource in resources[name])
    return Unit(
        source=draft.source,
        sha256=draft.sha256,
        outcome=outcome,
        resources=said,
        problems=tuple(problems),
    )


def _why(name: str, draft: Draft, checked: Checked) -> Problem:
    """Why a unit stays that the law said nothing about."""
    if name in checked.loaded.contested:
        message = "two units contradict each other about one resource; while they do, neither goes: mend the ids"
        return problem("conflict", draft.source, message, rule="case.contested", severity="warning")
    if checked.loaded.unread and name in _forms_of_unread(checked):
        message = "is a form of something that was refused, so that it cannot be told what protects it; mend that first"
        return problem("conflict", draft.source, message, rule="case.unread", severity="warning")
    if name in checked.loaded.unowned:
        message = "names no person who is here; add its Patient, or vouch for it by a line under `materials`"
        return problem("not-found", draft.source, message, rule="case.person", severity="warning")
    if name in checked.decision.duplicates:
        message = "repeats an item that is released; it is produced once (45 CFR 164.524(c)(1))"
        return problem("duplicate", draft.source, message, rule="PRODUCE_ONCE", severity="information")
    if name in _not_offered(checked):
        message = "is not offered: case.json keeps it out of what is asked for"
        return problem("suppressed", draft.source, message, rule="case.offered", severity="information")
    message = "stays: nothing that is released leads to it, or it cannot stand without what is withheld"
    return problem("suppressed", draft.source, message, rule="gate.follows", severity="information")


def _forms_of_unread(checked: Checked) -> tuple[str, ...]:
    return every_form((item.full_url for item in checked.loaded.unread), forms_of(checked.loaded))


def _not_offered(checked: Checked) -> set[str]:
    case = checked.loaded.case
    paths = {document.path: document.id for document in case.documents}
    return {paths.get(str(line.path), str(line.item)) for line in case.materials if not line.offered}
