"""A case's way through: load -> check -> release -> map (and claim) -> validate -> deliver -> record."""

import datetime as dt
from pathlib import Path

import msgspec

from adapter.account import Account, alike
from adapter.checked import Checked
from adapter.closing import close_account, inside
from adapter.completeness import Forecast, forecast, of_case
from adapter.config import Office, Settings
from adapter.consent.case_facts import facts_of
from adapter.consent.decide import Decision, decide
from adapter.consent.gate import release
from adapter.consent.groups import Holder, PrivacyContact
from adapter.consent.policy import policies_of, policy_for
from adapter.consent.release import Release
from adapter.custody.times import ahead
from adapter.delivery.case_bundle import check_ready, deliver, fhir_bundle, theirs
from adapter.delivery.medium import deliver_medium
from adapter.errors import Failure, NotPermitted
from adapter.ledger.store import Ledger
from adapter.recording import content_digest, disclosure_row, entry, release_row
from adapter.sources.case_file import load_case
from adapter.sources.readings import read_again
from adapter.validation import validate_bundle, validate_resource
from mappings.domain.values import Moment
from mappings.fhir.wire import Json
from mappings.problems import Problem, ProblemError, problem, refuse


class Exported(msgspec.Struct, frozen=True, kw_only=True):
    """A delivered case."""

    checked: Checked
    release: Release
    account: Account
    manifest_sha256: str


class Rehearsal(msgspec.Struct, frozen=True, kw_only=True):
    """What an export would end with: the account, and what the recipient would find of what the reviewer needs."""

    account: Account
    forecast: Forecast


def check_case(folder: Path, settings: Settings, now: Moment) -> Checked:
    """Load and decide; nothing leaves.

    Raises:
        ProblemError: the folder is no case, holds another person's things, or says that something happened that lies
            ahead.
    """
    loaded = load_case(folder, settings.namespace)
    if wrong := tuple(ahead(loaded.case.custody, now)):
        raise ProblemError(wrong)
    policy = policy_for(dt.date.fromisoformat(now.date), policies_of(settings.policy))
    facts = facts_of(loaded, str(now), holder_in_law(settings), policy)
    decision = decide(facts, policy)
    return Checked(loaded=loaded, facts=facts, decision=decision, completeness=of_case(loaded), policy=policy)


def holder_in_law(settings: Settings) -> Holder:
    """What the deployment says of the holder: what it is in law, and whom a denial names where an office is set."""
    office = settings.office
    told = {name: getattr(settings.holder, name) for name in settings.holder.__struct_fields__}
    contact = PrivacyContact(title=office.title or office.name or None, phone=office.phone or None)
    return Holder(**told, privacy_contact=contact if office != Office() else None)


def rehearse(checked: Checked, settings: Settings, now: Moment) -> Rehearsal | None:
    """What an export would end with, without writing anything; None where the gate does not permit one.

    Raises:
        Failure: what we made is not valid FHIR.
        ProblemError: what is left cannot stand as a case.
    """
    if _obstacles(checked):
        return None
    released = release(checked.loaded, checked.decision, now, validate_resource, read_again)
    problems = _validated(checked, released, fhir_bundle(released, settings), settings)
    account = close_account(checked, released, problems)
    return Rehearsal(account=account, forecast=forecast(checked.loaded, checked.completeness, released))


def foretell(checked: Checked, now: Moment) -> Forecast | None:
    """What the recipient would find of what the reviewer needs; None where the gate does not permit an export.

    Raises:
        ProblemError: what is left cannot stand as a case.
    """
    if _obstacles(checked):
        return None
    released = release(checked.loaded, checked.decision, now, validate_resource, read_again)
    return forecast(checked.loaded, checked.completeness, released)


def _obstacles(checked: Checked) -> tuple[Problem, ...]:
    """Why nothing may leave; none where the gate permits."""
    if not checked.decision.permits:
        return not_permitted(checked.decision)
    asked = checked.loaded.case.request.id in checked.decision.released
    return () if asked else (_without_request(),)


def export_case(folder: Path, target: Path, settings: Settings, now: Moment, medium: int | None = None) -> Exported:
    """The whole way: a case bundle, or with `medium` (bytes) volumes to be burnt, none larger than that.

    Raises:
        NotPermitted: the gate does not permit; the ledger has the decision, nothing was written anywhere else.
        Failure: what we made is not valid FHIR (nothing was written).
        ProblemError: bad input, or the target cannot be written.
    """
    if target.resolve().is_relative_to(folder.resolve()):
        message = "lies inside the case folder, where it would become part of the case; name a place outside"
        raise refuse("conflict", target.name, message, rule="export.target")
    checked = check_case(folder, settings, now)
    if obstacles := _obstacles(checked):
        _record_refusal(checked, settings, now)
        raise NotPermitted(checked.decision, obstacles)
    check_ready(target, checked.loaded.case.id, settings)
    released = _release(checked, now, settings)
    bundle = fhir_bundle(released, settings)
    carried_problems = _validated(checked, released, bundle, settings)
    ledger = Ledger(settings.ledger, at=str(now))
    try:
        row = ledger.prepare(entry(checked, now), release_row(checked, released, bundle, settings, target.name))
        if medium is None:
            digest, noticed = deliver(released, bundle, target, settings)
        else:
            digest, noticed = deliver_medium(released, bundle, target, medium, settings)
        ledger.delivered(row, disclosure_row(checked, released, digest, now))
    finally:
        ledger.close()
    made = close_account(checked, released, carried_problems, noticed)
    return Exported(checked=checked, release=released, account=made, manifest_sha256=digest)


def _record_refusal(checked: Checked, settings: Settings, now: Moment) -> None:
    """Write the decision down: what is denied or open is documented like what goes, and its clock runs."""
    ledger = Ledger(settings.ledger, at=str(now))
    try:
        ledger.decided(entry(checked, now))
    finally:
        ledger.close()


def _release(checked: Checked, now: Moment, settings: Settings) -> Release:
    """The release; the same content as once before keeps the time it was first decided at."""
    made = release(checked.loaded, checked.decision, now, validate_resource, read_again)
    first = _first_time(content_digest(made), now, settings)
    return (
        made
        if first is None
        else release(checked.loaded, checked.decision, Moment(first), validate_resource, read_again)
    )


def _first_time(digest: str, now: Moment, settings: Settings) -> str | None:
    """When the same content first went; a ledger that is not there yet is not made before something goes."""
    try:
        ledger = _present(settings.ledger, now)
    except ProblemError as error:
        if any(found.code == "not-found" for found in error.problems):
            return None
        raise
    try:
        return ledger.first_time(digest)
    finally:
        ledger.close()


def _present(url: str, now: Moment) -> Ledger:
    """The ledger that is there; one of an earlier version is taken over."""
    try:
        return Ledger(url)
    except ProblemError as error:
        if any(found.code == "not-supported" for found in error.problems):
            return Ledger(url, at=str(now))
        raise


def _without_request() -> Problem:
    """A bundle says who asks what: it cannot go to somebody who may not know the request."""
    message = (
        "the request itself may not go to this recipient, and a bundle tells it; have the authorization cover it (its "
        "local name under `covers`), or send the released items by other means"
    )
    return problem("forbidden", "case.json $.request", message, rule="gate.request")


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


def _validated(checked: Checked, released: Release, bundle: Json, settings: Settings) -> dict[str, tuple[Problem, ...]]:
    """Problems of carried resources by fullUrl, those alike as one; what we made must have none.

    Raises:
        Failure: an entry of ours is not valid, or the target is strict and one that is carried is not.
    """
    urls = [entry["fullUrl"] for entry in bundle["entry"]]
    foreign = theirs(released)
    carried: dict[str, list[Problem]] = {}
    ours: list[Problem] = []
    for found in validate_bundle(bundle):
        number = found.where.removeprefix("Bundle.entry[").partition("]")[0]
        url = urls[int(number)] if number.isdigit() and found.where.startswith("Bundle.entry[") else None
        if url in foreign:
            carried.setdefault(str(url), []).append(inside(found, bundle["entry"][int(number)]["resource"]))
        elif found.stops:
            ours.append(found)
    if ours:
        raise Failure(ours)
    told = {url: alike(items) for url, items in carried.items()}
    if settings.target_strict:
        _check_strict(checked, released, told)
    return told


def _check_strict(checked: Checked, released: Release, told: dict[str, tuple[Problem, ...]]) -> None:
    """Raise Failure where something that is carried is not valid, or the file it came in has faults of its own."""
    going = {item.full_url for item in released.carried}
    units = [draft for draft in checked.loaded.drafts if not going.isdisjoint(draft.names)]
    wrong = [found for draft in units for found in draft.problems if found.stops]
    wrong += [
        msgspec.structs.replace(found, where=f"{item.unit} -> {found.where}")
        for item in released.carried
        for found in told.get(item.full_url, ())
        if found.stops
    ]
    if wrong:
        raise Failure([_too_strict(), *wrong])


def _too_strict() -> Problem:
    message = (
        "is set to strict (by the settings or by --strict), and what came as FHIR is not valid as it stands, as the "
        "lines below say: nothing leaves. Mend it at its source, keep it out of the case, or send it to a target that "
        "takes it as it came"
    )
    return problem("business-rule", "target_strict", message, rule="target.strict")
