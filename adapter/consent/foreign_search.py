"""What a server answered to a search for Consents, checked again: a server may ignore a parameter it does not know.

Nothing is believed that the resource itself does not say. What fails is refused with a Problem; a Consent in force that
may be the patient's is never left out: a denial that is lost would be a permit.
"""

import functools

import msgspec

from adapter.consent.foreign import objects, provisions_of
from adapter.consent.foreign_parties import Number, codings, number_of
from adapter.consent.foreign_time import Edge, inside
from mappings.fhir.wire import Json
from mappings.problems import IssueType, Problem, problem

RULE = "consent.search"


class Wanted(msgspec.Struct, frozen=True, kw_only=True):
    """What was searched for.

    Attributes:
        base: base address of the server.
        patients: `Type/id` of the patient on that server; numbers: its identifiers (issuer, value).
        statuses: those that were asked for; none means every status.
        categories: (system, code) of which one has to be there; none means every category.
        now: the moment at which it is to be in force, as (earliest, latest); None means at any.
        zone: IANA name of the holder's time zone, for periods that are dates.
    """

    base: str
    patients: frozenset[str]
    numbers: frozenset[Number] = frozenset()
    statuses: frozenset[str] = frozenset()
    categories: frozenset[Number] = frozenset()
    now: Edge | None = None
    zone: str | None = None


class Rechecked(msgspec.Struct, frozen=True, kw_only=True):
    """What holds of an answer: the Consents that stand, those that are not what was asked for, and what is amiss.

    `complete` is False where more may exist than is here: a further page, an OperationOutcome, an entry that cannot be
    read. Then nothing may rest on the absence of a denial.
    """

    consents: tuple[Json, ...]
    problems: tuple[Problem, ...]
    complete: bool


def recheck(answer: Json, wanted: Wanted) -> Rechecked:
    """Check a searchset Bundle against what was asked for; pure, never raises, whatever the shape of the JSON.

    A Consent of another patient is an error (the server told something it was not asked); one of another status,
    category or time is passed over with an information, unless it may deny and has not ended; one whose patient cannot
    be told is an error and makes the answer incomplete.
    """
    problems: list[Problem] = []
    consents: list[Json] = []
    whole = answer.get("resourceType") == "Bundle" and answer.get("type") == "searchset"
    if not whole:
        problems.append(_problem("structure", "Bundle", "is no searchset; ask the server again"))
    links = objects(answer.get("link"))
    if any(link.get("relation") == "next" for link in links):
        problems.append(_problem("incomplete", "Bundle.link", "there are more pages; follow them all"))
        whole = False
    entries = answer.get("entry", [])
    for number, entry in enumerate(entries if isinstance(entries, list) else [None]):
        where = f"Bundle.entry[{number}].resource"
        resource = entry.get("resource") if isinstance(entry, dict) else None
        if not isinstance(resource, dict) or resource.get("resourceType") == "OperationOutcome":
            problems.append(_problem("incomplete", where, "the server did not answer in full; ask it again"))
            whole = False
        elif resource.get("resourceType") == "Consent":
            found = _amiss(resource, wanted, where)
            whole = whole and not any(one.code == "not-supported" for one in found)
            problems += found
            if not any(one.stops for one in found) and (not found or _may_deny(resource)) and resource not in consents:
                consents.append(resource)
    return Rechecked(consents=tuple(consents), problems=tuple(problems), complete=whole)


def _amiss(consent: Json, wanted: Wanted, where: str) -> list[Problem]:
    """What is not as it was asked for, the patient first; none where all is."""
    ours = _is_ours(consent.get("patient"), wanted)
    if ours is None:
        message = "does not say whose it is in a way that can be compared; have the patient's reference corrected"
        return [_problem("not-supported", f"{where}.patient", message)]
    if not ours:
        return [_problem("security", f"{where}.patient", "is about another patient than was asked for; it is not used")]
    found = []
    if wanted.statuses and isinstance(consent.get("status"), str) and consent["status"] not in wanted.statuses:
        found.append(_passed(f"{where}.status", "has another status than was asked for"))
    told = {coding for one in objects(consent.get("category")) for coding in codings(one)}
    if wanted.categories and told and not told & wanted.categories:
        found.append(_passed(f"{where}.category", "has another category than was asked for"))
    provision = consent.get("provision")
    if wanted.now is not None and isinstance(provision, dict) and "period" in provision:
        begun, over = inside(provision["period"], wanted.now, wanted.zone)
        if begun is False or over is True:
            found.append(_passed(f"{where}.provision.period", "is not in force at the time that was asked for"))
    return found


def _is_ours(reference: object, wanted: Wanted) -> bool | None:
    if not isinstance(reference, dict):
        return None
    literal, number = reference.get("reference"), number_of(reference.get("identifier"))
    told: list[bool | None] = []
    if isinstance(literal, str):
        plain = literal.removeprefix(f"{wanted.base.rstrip('/')}/").split("/_history/")[0]
        told.append(plain in wanted.patients if plain.count("/") == 1 else None)
    if number is not None:
        same_issuer = any(system == number[0] for system, _ in wanted.numbers)
        told.append(number in wanted.numbers if same_issuer else None)
    said = {one for one in told if one is not None}
    return said.pop() if len(said) == 1 else None


def _may_deny(consent: Json) -> bool:
    """Whether it is anything but a plain permit, or an ended Consent: such a one is kept, asked for or not."""
    provisions = list(provisions_of(consent.get("provision")))
    permits = bool(provisions) and all(one.get("type") == "permit" for one in provisions)
    ended = consent.get("status") in ("inactive", "entered-in-error")
    return not ended and not (permits and "policyRule" not in consent)


def _problem(code: IssueType, where: str, message: str) -> Problem:
    return problem(code, where, message, rule=RULE)


_passed = functools.partial(problem, "informational", rule=RULE, severity="information")
