"""Which legal basis a request stands on (45 CFR 164.502(a), 164.506, 164.508, 164.510, 164.512, 164.524).

The first line of CHOICES whose condition holds gives the basis; where none holds, only an authorization can help.
A condition uses known words only: what is unknown is asked for by the rules at the end, so that it pends.
"""

from collections.abc import Callable, Iterator
from datetime import date

from adapter.consent.clock import years_after
from adapter.consent.facts import Facts
from adapter.consent.groups import Material
from adapter.consent.policy import Policy
from adapter.consent.rules import (
    OUTGOING,
    Basis,
    Finding,
    Matter,
    all_true,
    hold,
    missing,
    none_true,
    request_rule,
)
from adapter.consent.words import INDIVIDUALS, PAYERS, PROVIDERS, PURPOSES, RECIPIENTS, REQUESTERS, TPO

USE = Basis(name="use", code="HOLDER_USE")
ACCESS = Basis(name="access", code="ACCESS_RIGHT", minimum_necessary=False, accounting=False)
DIRECTIVE = Basis(name="directive", code="ACCESS_RIGHT", minimum_necessary=False, accounting=False)
TREATMENT = Basis(name="treatment", code="TREATMENT_DISCLOSURE", minimum_necessary=False, accounting=False)
PAYMENT = Basis(name="payment", code="PAYMENT_DISCLOSURE", minimum_necessary=True, accounting=False)
FAMILY = Basis(name="family", code="INVOLVED_IN_CARE", minimum_necessary=True, accounting=False)
DECEDENT_FAMILY = Basis(
    name="decedent_family", code="DECEDENT_FAMILY_INVOLVED", minimum_necessary=True, accounting=False
)
WAIVER = Basis(name="waiver", code="RESEARCH_WAIVER", minimum_necessary=True, accounting=True)
ON_DECEDENTS = Basis(name="research_decedents", code="RESEARCH_DECEDENTS", minimum_necessary=True, accounting=True)
LIMITED = Basis(name="limited_data_set", code="LIMITED_DATA_SET", minimum_necessary=True, accounting=False)
PUBLIC_HEALTH = Basis(name="public_health", code="PUBLIC_HEALTH", minimum_necessary=True, accounting=True)
BY_LAW = Basis(name="required_by_law", code="REQUIRED_BY_LAW", minimum_necessary=False, accounting=True)
DECEDENT_50 = Basis(name="decedent_50", code="DECEDENT_50_YEARS")
AUTHORIZED = Basis(name="authorization", code="AUTHORIZATION_DISCLOSURE", minimum_necessary=False, accounting=False)
AMENDMENT = Basis(name="amendment", code=None)
ACCOUNTING = Basis(name="accounting", code=None)
RETENTION = Basis(name="retention", code=None)
UNDETERMINED = Basis(name="undetermined", code=None)


def _unprotected(facts: Facts, policy: Policy, today: date | None) -> bool:
    died = facts.patient.deceased_on
    if died is None or today is None:
        return False
    last = years_after(died, policy.decedent_years, policy)
    return today > last or (today == last and not policy.fiftieth_anniversary_protected)


def _for_payer(facts: Facts) -> bool:
    """Whether a payer's question is behind what is called treatment: then it is payment."""
    asked = facts.requester in PAYERS or facts.engaged_by_payer is True
    return asked and facts.purpose == "treatment"


def _payment(facts: Facts) -> bool:
    to_payment = facts.recipient in PAYERS or (
        facts.recipient in PROVIDERS and facts.recipient_is_provider is not False
    )
    return to_payment and (_for_payer(facts) or facts.purpose == "payment")


def _treatment(facts: Facts) -> bool:
    may_ask = facts.requester in PROVIDERS | INDIVIDUALS | {"holder"} and not _for_payer(facts)
    to_provider = facts.recipient in PROVIDERS and facts.recipient_is_provider is not False
    return facts.purpose == "treatment" and may_ask and to_provider


def _family(facts: Facts) -> bool:
    between = facts.requester == "family_member" and facts.recipient == "family_member"
    return between and facts.purpose == "involvement_in_care"


def _limited(facts: Facts) -> bool:
    data_set = facts.limited_data_set
    whole = data_set is not None and data_set.direct_identifiers_removed is True and data_set.data_use_agreement is True
    return whole and facts.purpose in ("research", "public_health", "operations")


def _waived(facts: Facts) -> bool:
    return facts.purpose == "research" and facts.irb_waiver is not None and facts.irb_waiver.documented is True


def _on_decedents(facts: Facts) -> bool:
    """Whether 164.512(i)(1)(iii) holds: the researcher represents it all, and the patient is dead."""
    told = facts.representations
    if told is None or told.review != "decedents" or facts.purpose != "research" or _alive(facts):
        return False
    return told.sole_purpose is True and told.necessary is True and told.death_documented is not False


def _to_authority(facts: Facts) -> bool:
    return facts.recipient in ("public_health_authority", "cancer_registry")


def _alive(facts: Facts) -> bool:
    return not facts.patient.has_died


Choice = Callable[[Facts], bool]
CHOICES: tuple[tuple[Basis, str, Choice], ...] = (
    (USE, "use", lambda f: True),
    (ACCESS, "access", lambda f: f.requester not in REQUESTERS or f.recipient == f.requester in INDIVIDUALS),
    (DIRECTIVE, "access", lambda f: f.requester in INDIVIDUALS),
    (AMENDMENT, "amendment", lambda f: True),
    (ACCOUNTING, "accounting", lambda f: True),
    (RETENTION, "retention", lambda f: True),
    (LIMITED, "disclosure", _limited),
    (WAIVER, "disclosure", _waived),
    (ON_DECEDENTS, "disclosure", _on_decedents),
    (TREATMENT, "disclosure", _treatment),
    (PAYMENT, "disclosure", _payment),
    (DECEDENT_FAMILY, "disclosure", lambda f: _family(f) and not _alive(f)),
    (FAMILY, "disclosure", lambda f: _family(f) and _alive(f)),
    (BY_LAW, "disclosure", lambda f: f.purpose == "public_health" and f.required_by_law is True and _to_authority(f)),
    (PUBLIC_HEALTH, "disclosure", lambda f: f.purpose == "public_health" and _to_authority(f)),
    (AUTHORIZED, "disclosure", lambda f: True),
    (AUTHORIZED, "access", lambda f: True),
)


def basis_for(facts: Facts, policy: Policy, today: date | None) -> Basis:
    """Choose the basis of a request."""
    if facts.pathway == "disclosure" and _unprotected(facts, policy, today):
        return DECEDENT_50
    for basis, pathway, holds in CHOICES:
        if facts.pathway == pathway and holds(facts):
            return basis
    return UNDETERMINED


def bases_of(matter: Matter, item: Material) -> tuple[Basis, ...]:
    """Return what one item stands on: the request's basis, and for a directive outside the EHR the one that follows it.

    After Ciox the directive reaches an electronic copy from an EHR only. What else the individual directs to a provider
    may go as treatment (164.506(c)(2)); to anybody else it needs an authorization. The limits of both bases bind.
    """
    facts = matter.facts
    if matter.basis is not DIRECTIVE or not outside_ehr(matter, item):
        return (matter.basis,)
    provider = facts.recipient in PROVIDERS and facts.recipient_is_provider is True
    if provider and matter.policy.directive_becomes_treatment:
        return (DIRECTIVE, TREATMENT)
    return (DIRECTIVE, AUTHORIZED)


def outside_ehr(matter: Matter, item: Material) -> bool:
    """Whether a directive does not reach the item for its medium; a physical item is out for another reason."""
    return matter.policy.directive_needs_ehr and item.maintained_in in ("other_electronic", "paper")


@request_rule(
    "basis.holder-use",
    "45 CFR 164.506(c)(1)",
    "A use stays with the holder; all else is a disclosure and pends.",
    bases=frozenset({"use"}),
)
def holder_only(matter: Matter) -> Iterator[Finding]:
    facts = matter.facts
    for name in ("requester", "recipient"):
        if getattr(facts, name) != "holder":
            yield missing(name)
    if facts.purpose not in TPO:
        yield missing("purpose")


@request_rule(
    "basis.pathway", "45 CFR 164.502(a)", "A request on no known pathway pends.", bases=frozenset({"undetermined"})
)
def pathway_known(matter: Matter) -> Iterator[Finding]:
    yield missing("pathway")


@request_rule(
    "basis.words", "45 CFR 164.502(a)", "An unknown or absent requester, recipient or purpose pends.", bases=OUTGOING
)
def words_known(matter: Matter) -> Iterator[Finding]:
    known = {"requester": REQUESTERS, "recipient": RECIPIENTS, "purpose": PURPOSES}
    for name, words in known.items():
        if getattr(matter.facts, name) not in words:
            yield missing(name)


@request_rule(
    "basis.materials", "45 CFR 164.524(b)(1)", "A request that names no material pends.", bases=OUTGOING | {"use"}
)
def materials_named(matter: Matter) -> Iterator[Finding]:
    if not matter.facts.materials:
        yield missing("materials")


@request_rule(
    "basis.provider",
    "45 CFR 164.506(c)(2)",
    "Treatment needs a recipient known to be a health care provider.",
    bases=frozenset({"treatment"}),
)
def recipient_is_provider(matter: Matter) -> Iterator[Finding]:
    if matter.facts.recipient_is_provider is not True:
        yield missing("recipient_is_provider")


@request_rule(
    "basis.payee",
    "45 CFR 164.506(c)(3)",
    "Payment goes to a health plan, or to a recipient known to be a provider.",
    bases=frozenset({"payment"}),
)
def recipient_may_be_paid(matter: Matter) -> Iterator[Finding]:
    if matter.facts.recipient not in PAYERS and matter.facts.recipient_is_provider is not True:
        yield missing("recipient_is_provider")


@request_rule(
    "basis.decedent-family",
    "45 CFR 164.510(b)(5)",
    "Family of a decedent: involved in care before death, and no contrary wish known.",
    bases=frozenset({"decedent_family"}),
)
def decedent_family(matter: Matter) -> Iterator[Finding]:
    family = matter.facts.family
    if family is None or family.involved_before_death is not True:
        yield missing("family.involved_before_death")
    if family is None or family.contrary_preference_known is not False:
        yield missing("family.contrary_preference_known")


@request_rule(
    "basis.family",
    "45 CFR 164.510(b)(1)(i)",
    "Family in care of the living: the patient agreed, did not object when asked, or a professional judged so.",
    bases=frozenset({"family"}),
)
def family_involved(matter: Matter) -> Iterator[Finding]:
    family = matter.facts.family
    if family is None or family.involved_in_care is not True:
        yield missing("family.involved_in_care")
    elif family.individual_objected is True:
        yield hold("AUTHORIZATION_MISSING")
    elif (
        none_true(family.individual_agreed, family.professional_judgment)
        and all_true(family.opportunity_to_object, family.individual_objected is False) is not True
    ):
        yield missing("family.individual_agreed")


RULES = (
    holder_only, pathway_known, words_known, materials_named, recipient_is_provider, recipient_may_be_paid,
    decedent_family, family_involved,
)  # fmt: skip
