"""Whether what a provision of a Consent names is what is asked for: yes, no, or nobody can tell.

Every criterion of a provision has to hold; of the values of one criterion one has to. What is unknown never says no.
"""

import functools
from collections.abc import Callable, Iterator
from typing import Any

from adapter.consent.foreign_parties import Question, Thing, any_of, codings, is_one_of, number_of, text
from adapter.consent.foreign_time import inside, within
from adapter.consent.tables import rows
from mappings.fhir.wire import Json

LOINC = "http://loinc.org"
CONFIDENTIALITY = "http://terminology.hl7.org/CodeSystem/v3-Confidentiality"
ACTIONS = "http://terminology.hl7.org/CodeSystem/consentaction"
RESOURCES = "http://hl7.org/fhir/resource-types"
REASONS = "http://terminology.hl7.org/CodeSystem/v3-ActReason"
LADDER = "ulmnrv"
RECIPIENTS = frozenset(("IRCP", "PRCP", "GRANTEE"))
CUSTODIANS = frozenset(("CST",))
MEMBERS = frozenset(
    {
        "id", "extension", "type", "period", "actor", "action", "securityLabel", "purpose", "class", "code",
        "dataPeriod", "data", "provision",
    }
)  # fmt: skip
Answer = tuple[bool | None, tuple[str, ...]]
"""Whether it matches, and the rules (foreign_rules.csv) that make it unknown."""


def matches(provision: Json, thing: Thing, asked: Question, *, denies: bool, period: bool = True) -> Answer:
    """Whether a provision, its nested ones apart, is about this item, recipient, purpose and moment."""
    found = [_one(rule, check) for rule, check in _checks(provision, thing, asked, denies)]
    if period and "period" in provision:
        begun, over = inside(provision["period"], asked.now, asked.zone)
        holds = False if begun is False or over is True else None if begun is None or over is None else True
        found.append((holds, ("period.unclear",) if holds is None else ()))
    if any(not name.startswith("_") and name not in MEMBERS for name in provision):
        found.append((None, ("element",)))
    if any(holds is False for holds, _ in found):
        return False, ()
    unknown = tuple(dict.fromkeys(rule for holds, rules in found if holds is None for rule in rules))
    return (None, unknown) if unknown else (True, ())


def _one(rule: str, check: bool | None) -> Answer:
    return check, (rule,) if check is None else ()


def _checks(provision: Json, thing: Thing, asked: Question, denies: bool) -> Iterator[tuple[str, bool | None]]:
    """(rule, whether it holds) of every criterion that the provision states."""
    tests: tuple[tuple[str, str, Callable[[Any], bool | None]], ...] = (
        ("actor", "actor", lambda all_: _actors(all_, asked)),
        ("action", "action", lambda all_: any_of(_action(one) for one in all_)),
        ("securityLabel", "label", lambda all_: _agreeing([_label(one, thing, denies, asked) for one in all_])),
        ("purpose", "purpose", lambda all_: any_of(_purpose(one, asked) for one in all_)),
        ("class", "class", lambda all_: any_of(_class(one, thing) for one in all_)),
        ("code", "code", lambda all_: any_of(_code(one, thing) for one in all_)),
        ("data", "data", lambda all_: any_of(_data(one, thing, asked) for one in all_)),
    )
    for member, rule, test in tests:
        held = provision.get(member)
        if member not in provision and f"_{member}" not in provision:
            continue
        whole = isinstance(held, list) and bool(held) and all(isinstance(one, dict) for one in held)
        yield (rule, test(held)) if whole else ("element", None)
    if "dataPeriod" in provision:
        yield "data-period", _dated(thing, provision["dataPeriod"], asked.zone)


def _agreeing(answers: list[bool | None]) -> bool | None:
    """What all say alike: R4 leaves open whether several labels are asked for together or each by itself."""
    return answers[0] if len(set(answers)) == 1 else None


# --- who


def _actors(actors: list[Json], asked: Question) -> bool | None:
    """Recipients among themselves one of several; recipients and custodians both, unless the readings differ."""
    by_role: dict[str, list[bool | None]] = {}
    for actor in actors:
        roles = {code for _, code in codings(actor.get("role"))}
        reference = actor.get("reference")
        if "modifierExtension" in actor or not isinstance(reference, dict):
            by_role.setdefault("unknown", []).append(None)
        elif roles & RECIPIENTS and roles <= RECIPIENTS:
            by_role.setdefault("recipient", []).append(is_one_of(reference, asked.recipients, asked))
        elif roles & CUSTODIANS and roles <= CUSTODIANS:
            by_role.setdefault("custodian", []).append(is_one_of(reference, asked.holders, asked))
        else:
            by_role.setdefault("unknown", []).append(None)
    return _agreeing([any_of(answers) for answers in by_role.values()])


# --- what for


@functools.cache
def _purposes() -> dict[str, tuple[str, bool]]:
    return {row["code"]: (row["purpose"], row["narrower"] == "yes") for row in rows("foreign_purposes.csv")}


def _purpose(coding: Json, asked: Question) -> bool | None:
    system, code = text(coding.get("system")), text(coding.get("code"))
    known = _purposes().get(code or "") if system == REASONS else None
    words = {word for word, _ in _purposes().values()}
    if known is None or not asked.purposes or not asked.purposes <= words:
        return None
    word, narrower = known
    if word not in asked.purposes:
        return False
    return True if asked.purposes == {word} and not narrower else None


def _action(concept: Json) -> bool | None:
    told = codings(concept)
    codes = {code for system, code in told if system == ACTIONS}
    if len(codes) != len(told) or not codes <= {"access", "disclose", "collect", "correct"}:
        return None
    return bool(codes & {"access", "disclose"}) if codes else None


# --- what


@functools.cache
def _labels() -> dict[str, str]:
    """Label, case folded -> the class of data it is about (its kind where it has none)."""
    told = (row for row in rows("items.csv") if row["match"] == "label")
    return {row["code"].casefold(): row["data_class"] or row["kind"] for row in told}


def _label(coding: Json, thing: Thing, denies: bool, asked: Question) -> bool | None:
    code = (text(coding.get("code")) or "").strip().casefold()
    if not code:
        return None
    if text(coding.get("system")) == CONFIDENTIALITY:
        return _level(code, thing, denies, asked.readings.consent_confidentiality_is_ladder)
    if code in thing.labels:
        return True
    if code not in _labels():
        return None
    if _labels()[code] in thing.classes:
        return True if denies else None
    return False


def _level(code: str, thing: Thing, denies: bool, ladder: bool) -> bool | None:
    """Confidentiality: a permit reaches up to it, a denial from it upwards; as no ladder, each reaches it alone."""
    if code not in LADDER or len(code) != 1:
        return None
    own = [LADDER.index(label) for label in thing.labels if len(label) == 1 and label in LADDER]
    if not own and thing.classes:
        return None
    level, bound = max(own, default=LADDER.index("n")), LADDER.index(code)
    if not ladder:
        return level == bound
    return level >= bound if denies else level <= bound


def _class(coding: Json, thing: Thing) -> bool | None:
    code = text(coding.get("code"))
    if text(coding.get("system")) != RESOURCES or not code or thing.type is None:
        return None
    if code == thing.type:
        return True
    return None if thing.opaque else False


def _code(concept: Json, thing: Thing) -> bool | None:
    told = [(system, code) for system, code in codings(concept) if system and code]
    if any(coding in thing.codes for coding in told):
        return True
    plain = bool(told) and all(system == LOINC for system, _ in told)
    return False if plain and not thing.opaque and any(system == LOINC for system, _ in thing.codes) else None


def _data(data: Json, thing: Thing, asked: Question) -> bool | None:
    reference = data.get("reference")
    if not isinstance(reference, dict) or "modifierExtension" in data:
        return None
    literal, number = reference.get("reference"), number_of(reference.get("identifier"))
    url = asked.resolve(literal) if isinstance(literal, str) else None
    meant = url in thing.urls or (number is not None and number in thing.numbers)
    if data.get("meaning") not in ("instance", "related", "dependents"):
        return None
    if meant:
        return True
    if data.get("meaning") != "instance" or url is None:
        return None
    return None if url not in asked.held and thing.opaque else False


def _dated(thing: Thing, period: object, zone: str | None) -> bool | None:
    told = {within(date, period, zone) for date in thing.dates}
    return told.pop() if len(told) == 1 else None
