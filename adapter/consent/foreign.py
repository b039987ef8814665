"""A Consent that somebody else wrote: what it says of one item, recipient and purpose at one moment.

Read from the JSON as it came, never through a model. What comes out is the set of all that it may mean: permit, deny,
silent. Where a rule makes something unknown both branches stay in the set, so that nothing is permitted or denied on a
guess. The rules are the rows of foreign_rules.csv; no Consent is special.

Base decision: the type of the root provision (as PCF and FAST want it), else the policyRule (as R4's text has it); with
neither there is none. A nested provision is an exception inside its parent; deny beats permit among siblings.
"""

import functools
from collections.abc import Iterator, Mapping
from typing import Literal

import msgspec

from adapter.consent.foreign_match import ACTIONS, matches
from adapter.consent.foreign_parties import Question, Thing, codings, is_one_of
from adapter.consent.foreign_time import inside
from adapter.consent.tables import rows
from mappings.fhir.wire import Json

Meaning = Literal["permit", "deny", "silent"]
PERMIT: Meaning = "permit"
DENY: Meaning = "deny"
SILENT: Meaning = "silent"
RESTRICT = "restrict"
"""Base of a policyRule that denies what its provision covers, where an opt-out (`deny`) denies all."""
ANY: frozenset[Meaning] = frozenset((PERMIT, DENY, SILENT))
SCOPE = "http://terminology.hl7.org/CodeSystem/consentscope"
ACT_CODE = "http://terminology.hl7.org/CodeSystem/v3-ActCode"
GRANTEE = "http://hl7.org/fhir/5.0/StructureDefinition/extension-Consent.grantee"
_DISCLOSING = frozenset(
    {
        (ACT_CODE, code)
        for code in (
            "IDSCL", "IRDSCL", "INFA", "HIPAAConsentCD", "HIPAAAuthCD", "HIPAAROAD", "HIPAAResearchAuthCD",
            "42CFRPart2CD",
        )
    }
    | {("http://loinc.org", "64292-6"), ("http://loinc.org", "57016-8"), ("http://loinc.org", "57017-6")}
    | {("http://terminology.hl7.org/CodeSystem/consentcategorycodes", "npp")}
)  # fmt: skip
"""Categories that speak of disclosure, whatever the scope."""


class Said(msgspec.Struct, frozen=True, kw_only=True):
    """All that a Consent may mean, and the rules that led there, in the order they were met."""

    may: frozenset[Meaning]
    rules: tuple[str, ...] = ()

    @property
    def denies(self) -> bool:
        """Whether every reading denies."""
        return self.may == {DENY}

    @property
    def may_deny(self) -> bool:
        """Whether one reading denies."""
        return DENY in self.may

    @property
    def permits(self) -> bool:
        """Whether every reading permits."""
        return self.may == {PERMIT}

    def with_rules(self, *rules: str) -> "Said":
        """The same, led to by these rules too."""
        return Said(may=self.may, rules=tuple(dict.fromkeys((*self.rules, *rules))))


@functools.cache
def rules() -> dict[str, dict[str, str]]:
    """Return the combining rules by name: element, source, effect, what each does."""
    return {row["rule"]: row for row in rows("foreign_rules.csv")}


def _said(*may: Meaning, rules: tuple[str, ...] = ()) -> Said:
    return Said(may=frozenset(may), rules=rules)


def _unknown(*rules: str) -> Said:
    return Said(may=ANY, rules=rules)


def _either(*all_: Said) -> Said:
    may = frozenset(meaning for one in all_ for meaning in one.may)
    return Said(may=may, rules=tuple(dict.fromkeys(rule for one in all_ for rule in one.rules)))


def says(consent: Json, thing: Thing, asked: Question, ours: bool | None) -> Said:
    """What a Consent says of an item. `ours`: it is about the patient of the case; None where nobody can tell.

    Never raises, whatever the shape of the JSON.
    """
    if ours is False:
        return _said(SILENT, rules=("patient.other",))
    status = consent.get("status")
    if status in ("inactive", "entered-in-error"):
        return _said(SILENT, rules=("status.ended" if status == "inactive" else "status.in-error",))
    if ours is None:
        return _unknown("patient.unknown")
    if _modified(consent):
        return _unknown("modifier")
    said = _by_scope(consent, thing, asked)
    if status == "active":
        return said
    if status in ("draft", "proposed", "rejected"):
        waits = said.may_deny and asked.readings.consent_unagreed_denial_waits
        may = frozenset((SILENT, DENY)) if waits else frozenset((SILENT,))
        return Said(may=may, rules=said.rules).with_rules("status.not-agreed")
    return _unknown("status.unknown")


def _modified(consent: Json) -> bool:
    """Whether something anywhere in it may turn its meaning."""
    if "implicitRules" in consent or "_implicitRules" in consent:
        return True
    stack: list[object] = [{name: value for name, value in consent.items() if name != "contained"}]
    while stack:
        value = stack.pop()
        if isinstance(value, list):
            stack.extend(value)
        elif isinstance(value, dict):
            if "modifierExtension" in value:
                return True
            stack.extend(value.values())
    return False


def _by_scope(consent: Json, thing: Thing, asked: Question) -> Said:
    scopes = {code for system, code in codings(consent.get("scope")) if system == SCOPE}
    if scopes & {"treatment", "adr"} and scopes <= {"treatment", "adr"} and not discloses(consent):
        silent = asked.readings.consent_to_care_is_silent
        return _said(SILENT, rules=("scope.care",)) if silent else _unknown("scope.care")
    if not scopes or not scopes <= {"treatment", "adr", "research", "patient-privacy"}:
        return _unknown("scope.unknown")
    said = _by_policy(consent, thing, asked)
    return _only({"research"}, said, asked, "scope.research") if scopes == {"research"} else said


def discloses(consent: Json) -> bool:
    """Whether a category, a policy, an actor or an action of it speaks of disclosure, whatever its scope."""
    categories = {coding for one in objects(consent.get("category")) for coding in codings(one)}
    if categories & _DISCLOSING or _policy(consent) is not None:
        return True
    provisions = list(provisions_of(consent.get("provision")))
    acting = {coding for one in provisions for action in objects(one.get("action")) for coding in codings(action)}
    return any("actor" in one for one in provisions) or bool(acting & {(ACTIONS, "access"), (ACTIONS, "disclose")})


def provisions_of(value: object) -> Iterator[Json]:
    """The provision and all that are nested in it."""
    if isinstance(value, dict):
        yield value
        for inner in objects(value.get("provision")):
            yield from provisions_of(inner)


def objects(value: object) -> list[Json]:
    """The objects of a list; of anything else none."""
    return [one for one in value if isinstance(one, dict)] if isinstance(value, list) else []


def _only(purposes: set[str], said: Said, asked: Question, rule: str) -> Said:
    """What is about these purposes only, for a request that may have another."""
    if asked.purposes and not asked.purposes & purposes:
        return _said(SILENT, rules=(rule,))
    return said if asked.purposes and asked.purposes <= purposes else _either(said, _said(SILENT, rules=(rule,)))


# --- the base decision


def _policy(consent: Json) -> Mapping[str, str] | None:
    """The row of foreign_policies.csv for the policyRule; None where it is absent, unknown or says two things."""
    told = codings(consent.get("policyRule"))
    found = [row for row in rows("foreign_policies.csv") if (row["system"], row["code"]) in told]
    return found[0] if len({row["base"] for row in found}) == 1 else None


def _by_policy(consent: Json, thing: Thing, asked: Question) -> Said:
    policy = _policy(consent)
    said = _root(consent, policy["base"] if policy else None, thing, asked)
    if policy is not None and policy["only"]:
        return _only(set(policy["only"].split()), said, asked, "policy.only")
    return said


def _root(consent: Json, policy: str | None, thing: Thing, asked: Question) -> Said:
    held = consent.get("provision", {})
    if not isinstance(held, dict):
        return _unknown("element")
    stated = _type(held)
    if stated is None:
        return _unknown("type.unknown")
    base: Meaning = stated if stated != SILENT else PERMIT if policy == PERMIT else DENY
    if stated == SILENT and (policy is None or not asked.readings.consent_root_falls_back):
        return _unknown("root-type")
    if not asked.readings.consent_opt_out_denies_the_rest and stated != SILENT:
        policy = None
    outside = _outside(stated, policy)
    begun_, over = inside(held["period"], asked.now, asked.zone) if "period" in held else (True, False)
    if begun_ is False or over is True:
        return _said(SILENT, rules=("period.not-begun" if begun_ is False else "period.ended",))
    holds, why = matches(held, thing, asked, denies=base == DENY, period=False)
    granted, grantee_why = _grantees(consent, base, asked)
    whole = False if holds is False or granted is False else None if holds is None or granted is None else True
    within = _closed(_inside(held, base, thing, asked), policy)
    said = within if whole else outside if whole is False else _either(within, outside).with_rules(*why, *grantee_why)
    if begun_ is None or over is None:
        return _either(said, _said(SILENT)).with_rules("period.unclear")
    return said


def _type(provision: Json) -> Meaning | None:
    """The type; silent where it is absent, None where it is neither permit nor deny."""
    value = provision.get("type")
    if value is None:
        return SILENT if "type" not in provision else None
    return PERMIT if value == PERMIT else DENY if value == DENY else None


def _outside(stated: Meaning, policy: str | None) -> Said:
    """What holds for what the root does not cover."""
    if policy not in (DENY, RESTRICT) or (policy == RESTRICT and stated != PERMIT):
        return _said(SILENT)
    denied = _said(DENY, rules=("policy-and-type",))
    return denied if policy == DENY and stated == PERMIT else _either(denied, _said(SILENT))


def _closed(said: Said, policy: str | None) -> Said:
    """Under an opt-out what is not permitted is denied; under a restriction nobody can tell."""
    if policy not in (DENY, RESTRICT) or SILENT not in said.may:
        return said
    if policy == RESTRICT:
        return _either(said, _said(DENY, rules=("policy-and-type",)))
    return Said(may=said.may - {SILENT} | {DENY}, rules=said.rules).with_rules("policy-and-type")


def _grantees(consent: Json, base: Meaning, asked: Question) -> tuple[bool | None, tuple[str, ...]]:
    """FAST: whom it grants to; in a denial the grantee is who has to comply with it, the recipient or the holder."""
    told = [one.get("valueReference") for one in objects(consent.get("extension")) if one.get("url") == GRANTEE]
    if not told:
        return True, ()
    parties = asked.recipients if base == PERMIT else (*asked.recipients, *asked.holders)
    answers = [is_one_of(one, parties, asked) if isinstance(one, dict) else None for one in told]
    if any(answer is True for answer in answers):
        return True, ()
    return (None, ("actor",)) if None in answers or base == DENY else (False, ())


# --- exceptions


def _inside(provision: Json, base: Meaning, thing: Thing, asked: Question) -> Said:
    """The decision where a provision matches, with the exceptions nested in it."""
    nested = provision.get("provision", [])
    if not isinstance(nested, list) or not all(isinstance(one, dict) for one in nested):
        return _unknown("element")
    children = [_child(one, thing, asked) for one in nested]
    why = tuple(rule for child in children for rule in child.rules)
    denied, may_deny = any(child.denies for child in children), any(child.may_deny for child in children)
    if denied and any(child.permits for child in children) and not asked.readings.consent_denying_exception_wins:
        return _unknown(*why, "nested")
    if base == DENY:
        lifted = not may_deny and any(child.permits for child in children)
        may_lift = not denied and any(PERMIT in child.may for child in children)
        return _said(PERMIT, rules=why) if lifted else _said(DENY, *([PERMIT] if may_lift else []), rules=why)
    if denied:
        return _said(DENY, rules=(*why, "nested"))
    narrowed = any(PERMIT in _kind(one) for one in nested)
    sure = not narrowed or any(child.permits for child in children)
    possible = sure or any(PERMIT in child.may for child in children)
    may: set[Meaning] = ({PERMIT} if possible else set()) | (set() if sure else {SILENT})
    return _said(*may, *([DENY] if may_deny else []), rules=why)


def _kind(nested: Json) -> tuple[Meaning, ...]:
    stated = _type(nested)
    return (stated,) if stated in (PERMIT, DENY) else (PERMIT, DENY)


def _child(nested: Json, thing: Thing, asked: Question) -> Said:
    """What a nested provision says of an item; silent where it is not about it."""
    stated = _type(nested)
    if stated is None or stated == SILENT:
        return _unknown("type.unknown")
    holds, why = matches(nested, thing, asked, denies=stated == DENY)
    if holds is False:
        return _said(SILENT)
    said = _inside(nested, stated, thing, asked)
    return said if holds else _either(said, _said(SILENT)).with_rules(*why)
