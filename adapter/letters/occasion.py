"""On what occasion a letter is written: the case, what was decided and when, who writes, what was disclosed."""

import datetime as dt
from typing import TypeVar

import msgspec

from adapter.config import Office
from adapter.consent.clock import day_for_papers, day_of_receipt
from adapter.consent.decide import Decision
from adapter.consent.facts import Facts
from adapter.consent.policy import Policy
from adapter.consent.reasons import Reason
from adapter.consent.words import INDIVIDUALS
from mappings.domain.case import OF_THE_HOLDER, Case
from mappings.domain.rights import Right
from mappings.problems import Problem, problem

T = TypeVar("T")


class Disclosure(msgspec.Struct, frozen=True, kw_only=True):
    """One line of an accounting (45 CFR 164.528(b)(2)): `on` is an ISO date or date-time."""

    on: str
    recipient: str
    address: str | None
    description: str
    purpose: str
    basis: tuple[str, ...] = ()


class Research(msgspec.Struct, frozen=True, kw_only=True):
    """A protocol that stands for the lines of 50 people or more (45 CFR 164.528(b)(4)(i)(A)-(E)).

    `first`, `last`: ISO dates of the first and last disclosure in the time that is accounted for.
    """

    name: str
    purpose: str
    criteria: str
    information: str
    first: str
    last: str
    sponsor: str
    sponsor_address: str
    sponsor_phone: str
    researcher: str
    researcher_address: str
    researcher_phone: str


class Suspension(msgspec.Struct, frozen=True, kw_only=True):
    """A statement that suspends an accounting (45 CFR 164.528(a)(2)); days are ISO, `form` is written or oral."""

    agency: str
    address: str | None
    official: str
    form: str
    stated_on: str
    until: str


class Occasion(msgspec.Struct, frozen=True, kw_only=True):
    """Everything a letter is a function of.

    Attributes:
        case: the holder's own case, nothing taken out of it: letters are where that is said which the law wants said.
        facts, decision, policy: what was decided on what, under which rules; the day of the letter is the decision's.
        office: the contact that letters name.
        disclosures: what an accounting has to list.
        research: protocols that it lists in place of lines.
        summary: whether repeated disclosures are listed as one line (45 CFR 164.528(b)(3)).
        right: the request to amend or for an accounting that is answered; None: the request for access.
        suspension: the statement of an agency that is confirmed.
    """

    case: Case
    facts: Facts
    decision: Decision
    policy: Policy
    office: Office
    disclosures: tuple[Disclosure, ...] = ()
    research: tuple[Research, ...] = ()
    summary: bool = False
    right: Right | None = None
    suspension: Suspension | None = None

    @property
    def place(self) -> str:
        """Where the request stands in the case."""
        for field in OF_THE_HOLDER:
            for number, asked in enumerate(getattr(self.case, field)):
                if asked is self.right or asked == self.right:
                    return f"case.json $.{field}[{number}]"
        return "case.json $.access"

    @property
    def today(self) -> dt.date | None:
        """The local day of the decision."""
        return day_for_papers(self.facts, self.policy)

    @property
    def received(self) -> dt.date | None:
        """The local day of receipt."""
        return day_of_receipt(self.facts, self.policy)

    @property
    def deadline(self) -> dt.date | None:
        """The last day to act."""
        return dt.date.fromisoformat(self.decision.deadline) if self.decision.deadline else None

    @property
    def by_individual(self) -> bool:
        """Whether the patient, or who stands in for them, asks."""
        return self.facts.requester in INDIVIDUALS

    @property
    def codes(self) -> frozenset[str]:
        """The codes of all reasons."""
        return frozenset(reason.code for reason in self.decision.reasons)

    def about(self, item: str) -> tuple[Reason, ...]:
        """The reasons of one item."""
        return tuple(reason for reason in self.decision.reasons if reason.item == item)


class Lack:
    """What a letter lacks: one Problem for each missing element, with its paragraph and where to say it."""

    def __init__(self) -> None:
        self.problems: list[Problem] = []

    def add(self, where: str, message: str, paragraph: str) -> None:
        """Note a missing element."""
        if (where, message) not in ((found.where, found.message) for found in self.problems):
            self.problems.append(problem("required", where, message, rule=paragraph))

    def need(self, value: T | None, where: str, message: str, paragraph: str) -> T | None:
        """The value; what is None or blank is noted as missing."""
        if value is None or (isinstance(value, str) and not value.strip()):
            self.add(where, message, paragraph)
            return None
        return value
