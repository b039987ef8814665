"""A case's way through: load -> check -> release -> map -> validate -> deliver -> record."""

import datetime as dt
import hashlib
from pathlib import Path

import msgspec

from adapter.account import Account, Outcome, Unit, account
from adapter.config import Settings
from adapter.consent.case_facts import facts_of, party_name
from adapter.consent.decide import Decision, decide
from adapter.consent.facts import Facts
from adapter.consent.gate import release
from adapter.consent.policy import policy_for
from adapter.consent.release import Release
from adapter.delivery.case_bundle import deliver, fhir_bundle
from adapter.errors import Failure, NotPermitted
from adapter.holding import UNDECLARED, Draft, Loaded
from adapter.ledger.store import Ledger
from adapter.sources.case_file import load_case
from adapter.validation import validate_bundle, validate_resource
from mappings.domain.completeness import Gap, gaps
from mappings.domain.native import encode_case
from mappings.domain.values import Moment
from mappings.fhir.context import URN
from mappings.fhir.wire import Json, dumps
from mappings.problems import Problem, ProblemError, problem


class Checked(msgspec.Struct, frozen=True, kw_only=True):
    """A loaded case with the decision about it."""

    loaded: Loaded
    facts: Facts
    decision: Decision
    gaps: tuple[Gap, ...]


class Exported(msgspec.Struct, frozen=True, kw_only=True):
    """A delivered case."""

    checked: Checked
    release: Release
    account: Account
    manifest_sha256: str


def check_case(folder: Path, settings: Settings, now: Moment) -> Checked:
    """Load and decide; nothing leaves.

    Raises:
        ProblemError: the folder is no case, or holds another person's things.
    """
    loaded = load_case(folder, settings.namespace)
    facts = facts_of(loaded, str(now))
    decision = decide(facts, policy_for(dt.date.fromisoformat(now.date)))
    return Checked(loaded=loaded, facts=facts, decision=decision, gaps=gaps(loaded.case))


def export_case(folder: Path, target: Path, settings: Settings, now: Moment) -> Exported:
    """The whole way.

    Raises:
        NotPermitted: the gate does not permit; nothing was written anywhere.
        Failure: what we made is not valid FHIR (nothing was written).
        ProblemError: bad input, or the target cannot be written.
    """
    checked = check_case(folder, settings, now)
    if not checked.decision.permits:
        raise NotPermitted(checked.decision, not_permitted(checked.decision))
    ledger = Ledger(settings.ledger)
    try:
        released = _release(checked, now, ledger)
        bundle = fhir_bundle(released, settings)
        carried_problems = _validated(released, bundle)
        row = ledger.prepare(_decision_row(checked, now), _release_row(released))
        digest, noticed = deliver(released, bundle, target, settings)
        ledger.delivered(row, _disclosure_row(checked, released, digest, now))
    finally:
        ledger.close()
    made = close_account(checked, released, carried_problems, noticed)
    return Exported(checked=checked, release=released, account=made, manifest_sha256=digest)


def _release(checked: Checked, now: Moment, ledger: Ledger) -> Release:
    """The release; the same content as once before keeps the time it was first decided at."""
    made = release(checked.loaded, checked.decision, now, validate_resource)
    first = ledger.first_time(content_digest(made))
    return made if first is None else release(checked.loaded, checked.decision, Moment(first), validate_resource)


def content_digest(released: Release) -> str:
    """sha256 over everything that goes, the time apart."""
    digest = hashlib.sha256(encode_case(released.case))
    for item in released.carried:
        digest.update(item.full_url.encode() + b"\0" + dumps(item.resource) + b"\0")
    for name, file in sorted((*released.documents.items(), *released.instances.items())):
        digest.update(f"{name}\0{file.sha256}\0".encode())
    digest.update("|".join(row.code for row in released.basis).encode())
    return digest.hexdigest()


def not_permitted(decision: Decision) -> tuple[Problem, ...]:
    """What stands in the way, as Problems: the paragraph and the next step of each reason that matters."""
    telling = [r for r in decision.reasons if r.ground.role in ("open", "exclusion")] or list(decision.reasons)
    return tuple(
        problem(
            "forbidden",
            reason.item or "case.json $.access",
            f"{reason.sentence} Next: {reason.next_step} ({reason.citation})",
            rule=reason.code,
        )
        for reason in telling
    )


def _validated(released: Release, bundle: Json) -> dict[str, tuple[Problem, ...]]:
    """Problems of carried resources by fullUrl; what we made must have none.

    Raises:
        Failure: an entry of ours is not valid.
    """
    urls = [entry["fullUrl"] for entry in bundle["entry"]]
    theirs = {item.full_url for item in released.carried}
    carried: dict[str, list[Problem]] = {}
    ours: list[Problem] = []
    for found in validate_bundle(bundle):
        number = found.where.removeprefix("Bundle.entry[").partition("]")[0]
        url = urls[int(number)] if number.isdigit() and found.where.startswith("Bundle.entry[") else None
        if url in theirs:
            carried.setdefault(str(url), []).append(found)
        elif found.stops:
            ours.append(found)
    if ours:
        raise Failure(ours)
    return {url: tuple(items) for url, items in carried.items()}


# --- rows of the ledger


def _decision_row(checked: Checked, now: Moment) -> dict[str, object]:
    decision = checked.decision
    return {
        "case_id": checked.loaded.case.id,
        "decided_at": str(now),
        "outcome": decision.outcome,
        "deadline": decision.deadline,
        "facts_sha256": hashlib.sha256(msgspec.json.encode(checked.facts)).hexdigest(),
        "reasons": [{"code": r.code, "citation": r.citation, "item": r.item} for r in decision.reasons],
        "excluded": list(decision.excluded),
    }


def _release_row(released: Release) -> dict[str, object]:
    return {
        "content_sha256": content_digest(released),
        "decided_at": str(released.decided_at),
        "basis": [{"code": row.code, "citation": row.citation} for row in released.basis],
        "audit_event": {},
    }


def _disclosure_row(checked: Checked, released: Release, digest: str, now: Moment) -> dict[str, object]:
    access = released.case.access
    assert access is not None
    required = any(reason.code == "ACCOUNTING_REQUIRED" for reason in checked.decision.reasons)
    return {
        "disclosed_at": str(now),
        "recipient": party_name(released.case, access.recipient_party) or access.recipient,
        "recipient_address": access.directive.address if access.directive else None,
        "description": f"case {released.case.id}: {len(checked.decision.released)} items",
        "purpose": access.purpose,
        "accounting": "required" if required else "exempt",
        "manifest_sha256": digest,
    }


# --- the account


def close_account(
    checked: Checked,
    released: Release,
    carried_problems: dict[str, tuple[Problem, ...]],
    noticed: tuple[Problem, ...] = (),
) -> Account:
    """What became of every unit of the case folder."""
    resources = _resources(released)
    for item in checked.facts.materials:
        if item.id in checked.decision.duplicates and item.duplicate_of in resources:
            resources[item.id] = resources[item.duplicate_of]
    reasons: dict[str, list[Problem]] = {}
    for reason in checked.decision.reasons:
        if reason.item in checked.decision.excluded:
            message = f"{reason.sentence} Next: {reason.next_step} ({reason.citation})"
            found = problem("suppressed", str(reason.item), message, rule=reason.code, severity="information")
            reasons.setdefault(str(reason.item), []).append(found)
    units = [_unit(draft, checked, resources, reasons, carried_problems) for draft in checked.loaded.drafts]
    return account(units, (*checked.loaded.problems, *noticed))


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
    undeclared = any(p.rule == UNDECLARED for p in draft.problems)
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
    if name in checked.loaded.unowned:
        message = "names no person who is here; add its Patient, or vouch for it by a line under `materials`"
        return problem("not-found", draft.source, message, rule="case.person", severity="warning")
    if name in checked.decision.duplicates:
        message = "repeats an item that is released; it is produced once (45 CFR 164.524(c)(1))"
        return problem("duplicate", draft.source, message, rule="PRODUCE_ONCE", severity="information")
    if name not in {item.id for item in checked.facts.materials}:
        message = "is not offered: case.json keeps it out of what is asked for"
        return problem("suppressed", draft.source, message, rule="case.offered", severity="information")
    message = "stays: nothing that is released leads to it, or it cannot stand without what is withheld"
    return problem("suppressed", draft.source, message, rule="gate.follows", severity="information")


__all__ = ["URN", "Checked", "Exported", "ProblemError", "check_case", "close_account", "export_case"]
