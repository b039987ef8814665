"""Until when an original has to be kept (42 CFR 493.1105(a)(7), the accreditor's years, the state's, the laboratory's).

Time runs from the examination. What dates it is the last report of the first diagnosis that is final; where the case
holds none, the day the specimen was received (or taken) is the earliest it can have been, so that what comes of it is a
lower bound: it can show that an original is still to be kept, never that it may go.
"""

import datetime as dt

import msgspec

from adapter.custody.policy import MaterialKind, Policy, Retention
from mappings.domain.case import Case
from mappings.domain.custody import last_day
from mappings.domain.material import Block, Part, Slide
from mappings.domain.values import Moment, PartialDate

Thing = Part | Block | Slide
_PATHOLOGY = frozenset(("surgical-pathology", "cytology", "hematopathology"))
_DONE = frozenset(("final", "amended", "corrected", "appended"))


class Kept(msgspec.Struct, frozen=True, kw_only=True):
    """How long one original is to be kept.

    Attributes:
        until: the day; None where nothing dates the examination.
        rule: the line of the policy that reaches farthest; None where none binds (sections that are no originals).
        exact: whether the day is that of the law; else it is the earliest it can be.
    """

    until: dt.date | None = None
    rule: Retention | None = None
    exact: bool = False

    def binds(self, day: dt.date) -> bool | None:
        """Whether the original is still to be kept on that day; None where that is not known."""
        if self.rule is None:
            return False
        if self.until is None:
            return None
        return True if day <= self.until else None if not self.exact else False


def kept(thing: Thing, case: Case, policy: Policy) -> Kept:
    """How long this has to be kept under the policy."""
    if isinstance(thing, Slide) and thing.kind != "original":
        return Kept()
    rules = [rule for rule in policy.retention if rule.material == material(thing, case) and _binds(rule, case, policy)]
    day, exact = _examined(thing, case)
    if not rules:
        return Kept()
    if day is None:
        return Kept(rule=rules[0])
    longest = max(rules, key=lambda rule: rule.until(day))
    return Kept(until=longest.until(day), rule=longest, exact=exact)


def material(thing: Thing, case: Case) -> MaterialKind:
    """What it is to the policy.

    A slide straight from a part counts as cytology only where every pathology report of the case is a cytology report:
    what may be histology is kept as long as that.
    """
    if isinstance(thing, Block):
        return "block"
    if isinstance(thing, Part):
        return "tissue"
    kinds = {report.kind for report in case.reports if report.kind in _PATHOLOGY}
    smear = thing.parent not in {block.id for block in case.blocks}
    return "cytology-slide" if smear and kinds == {"cytology"} else "slide"


def _binds(rule: Retention, case: Case, policy: Policy) -> bool:
    """CAP's years bind who it accredits, and (`accredited_unless_told`) who does not say."""
    if rule.regime != "cap":
        return True
    holder = next(org for org in case.organizations if org.id == case.holder)
    told = {accreditation.body for accreditation in holder.accreditations}
    return "cap" in told or (not told and policy.terms.accredited_unless_told)


def _examined(thing: Thing, case: Case) -> tuple[dt.date | None, bool]:
    """The day of the examination, and whether a report says so."""
    told = [
        report.issued or report.effective
        for report in case.reports
        if report.role == "original" and report.kind in _PATHOLOGY and report.status in _DONE
    ]
    days = [last_day(when.date) for when in told if when is not None]
    if days:
        return max(days), True
    part = part_of(thing, case)
    when = (part.received or part.collected) if part is not None else None
    return (first_day(when), False) if when is not None else (None, False)


def part_of(thing: Thing, case: Case) -> Part | None:
    """The part it was cut from."""
    blocks = {block.id: block.part for block in case.blocks}
    name = thing.id if isinstance(thing, Part) else thing.part if isinstance(thing, Block) else thing.parent
    name = blocks.get(name, name) if name else None
    return next((part for part in case.parts if part.id == name), None)


def first_day(when: Moment) -> dt.date:
    """The first day a time can mean."""
    day = PartialDate(when.date)
    return dt.date.fromisoformat(f"{day}-01-01"[:10] if day.precision == "year" else f"{day}-01"[:10])
