"""The individual's direction to send a copy to somebody else (45 CFR 164.524(c)(3)(ii), read after Ciox v. Azar)."""

from collections.abc import Iterator

from adapter.consent.basis import AUTHORIZED, bases_of, outside_ehr
from adapter.consent.groups import Directive, Material
from adapter.consent.rules import Finding, Matter, blank, hold, item_rule, missing, note, request_rule, same_name

ONLY = frozenset({"directive"})


@request_rule(
    "directive.form",
    "45 CFR 164.524(c)(3)(ii)",
    "A directive is in writing, signed, and says who receives and where to send; else the request pends.",
    bases=ONLY,
)
def form(matter: Matter) -> Iterator[Finding]:
    directive = matter.facts.directive or Directive()
    name = matter.facts.recipient_name
    faults = []
    if directive.written is not True:
        faults.append("DIRECTIVE_NOT_WRITTEN")
    if directive.signed is not True:
        faults.append("DIRECTIVE_NOT_SIGNED")
    unclear = blank(directive.designee) or blank(directive.address)
    if unclear or (name is not None and not same_name(directive.designee, name)):
        faults.append("DIRECTIVE_RECIPIENT_UNCLEAR")
    yield from (hold(code) for code in faults)
    if not faults:
        yield note("THIRD_PARTY_DIRECTIVE")


@item_rule(
    "directive.medium",
    "Ciox Health, LLC v. Azar, 435 F. Supp. 3d 30 (D.D.C. 2020)",
    "Outside an EHR a directive binds nobody: a provider may get it as treatment, others need an authorization.",
    bases=ONLY,
)
def medium(matter: Matter, item: Material) -> Iterator[Finding]:
    if matter.policy.directive_needs_ehr and item.maintained_in not in ("ehr", "other_electronic", "paper", "physical"):
        yield missing("maintained_in", item)
    if outside_ehr(matter, item):
        yield note("DIRECTIVE_OUTSIDE_EHR", item)
        if bases_of(matter, item)[-1] is AUTHORIZED and matter.facts.recipient_is_provider is None:
            yield Finding(code="FACT_MISSING", effect="wait", item=item.id, fact="recipient_is_provider")


RULES = (form, medium)
