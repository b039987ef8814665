"""Which disclosures an individual is not told of, because an agency suspended their accounting (45 CFR 164.528(a)(2)).

A suspension is about what went to one health oversight agency or law enforcement official under 164.512(d) or (f). Who
got a disclosure is a name that somebody wrote, so there are three answers. It is the agency: the names are the same, or
the holder said so. It is another: the holder said so. Anything else is not settled, however unlike the names are: the
sheriff may be the county jail. What is not settled is neither shown nor left out in silence. Shown, it could impede the
agency; left out, the accounting would lack a line that the individual has a right to. So the accounting is refused to
the holder, row by row, until it is said which is which; the clock of the request runs on meanwhile.
"""

import datetime as dt
import re
from collections.abc import Iterable, Mapping
from typing import Any

import msgspec
import sqlalchemy as sa

from adapter.consent.rules import same_name
from adapter.ledger.numbers import Number, under
from adapter.ledger.tables import RECIPIENTS, SUSPENSIONS
from mappings.problems import Problem, problem

RULE = "45 CFR 164.528(a)(2)"


class Line(msgspec.Struct, frozen=True, kw_only=True):
    """One disclosure with what 45 CFR 164.528(b)(2)(i)-(iv) asks for.

    Attributes:
        id: of the row in the ledger.
        request_paper: the written request, by its name in the case, where there is one.
        counts: whether the accounting wants the line (164.528(a)(1), 42 CFR 2.25).
        exemption: the paragraph for which it need not be listed, where the ledger knows it.
        suspended: an agency has the accounting of it suspended: the individual is not told of it now (164.528(a)(2)).
        unsettled: suspensions in force whose agency may be the recipient: nobody has said whether it is.
        made_by: the business associate who made it, where it was not the holder.
    """

    id: str
    date: str
    recipient: str
    address: str | None
    description: str
    purpose: str
    basis: tuple[str, ...]
    request_paper: str | None
    counts: bool
    exemption: str | None = None
    suspended: bool = False
    unsettled: tuple[str, ...] = ()
    made_by: str | None = None


class Suspended:
    """The suspensions in force on one of these days under the numbers of one person, and what is said of recipients.

    Without numbers (None) it is not known whose they are: then all in force are meant.
    """

    def __init__(self, connection: sa.Connection, numbers: Iterable[Number] | None, days: Iterable[dt.date]) -> None:
        self._agencies = [(str(row["id"]), str(row["agency"])) for row in in_force(connection, numbers, days)]
        said = sa.select(RECIPIENTS).order_by(RECIPIENTS.c.number)
        rows = connection.execute(said).mappings() if self._agencies else ()
        self._said = {(row["disclosure_id"], _plain(row["agency"])): row["same"] == "yes" for row in rows}

    def mark(self, line: Line) -> Line:
        """The line, marked where the individual is not told of it, or where nobody knows whether to tell."""
        if not may_go_to_agency(line.basis):
            return line
        open_ones = []
        for name, agency in self._agencies:
            said = self._said.get((line.id, _plain(agency)))
            if said or (said is None and same_name(agency, line.recipient)):
                return msgspec.structs.replace(line, suspended=True)
            if said is None:
                open_ones.append(name)
        return msgspec.structs.replace(line, unsettled=tuple(open_ones))


def in_force(
    connection: sa.Connection, numbers: Iterable[Number] | None, days: Iterable[dt.date]
) -> tuple[Mapping[Any, Any], ...]:
    """The suspensions in force on one of these days under these numbers (None: any), as they were written down."""
    held = (sa.and_(SUSPENSIONS.c.stated_on <= day.isoformat(), SUSPENSIONS.c.until >= day.isoformat()) for day in days)
    asked = sa.select(SUSPENSIONS).where(sa.or_(sa.false(), *held))
    if numbers is not None:
        asked = asked.where(under(numbers, SUSPENSIONS))
    return tuple(connection.execute(asked.order_by(SUSPENSIONS.c.number)).mappings())


def may_go_to_agency(basis: Iterable[str]) -> bool:
    """Whether a disclosure may be one under 164.512(d) or (f); where no paragraph is said, it may."""
    told = tuple(basis)
    return not told or any(_to_agency(citation) for citation in told)


def _to_agency(citation: str) -> bool:
    _, found, rest = "".join(citation.split()).lower().partition("164.512")
    named = re.findall(r"[a-z]+", rest)
    return bool(found) and (not named or bool({"d", "f"} & set(named)))


def not_settled(lines: Iterable[Line]) -> tuple[Problem, ...]:
    """One Problem for each line of which nobody has said whether it is suspended, by the ids of the ledger alone.

    The same line may come more than once, as it was found under several numbers: each time counts.
    """
    every = tuple(lines)
    suspended = {line.id for line in every if line.suspended}
    open_ones = dict.fromkeys((line.id, name) for line in every if line.counts for name in line.unsettled)
    return tuple(
        problem("conflict", f"ledger {line}", _ASKED.format(line=line, suspension=name), rule=RULE)
        for line, name in open_ones
        if line not in suspended
    )


_ASKED = (
    "may have gone, under another name, to the agency that suspended its accounting; say `second-opinion ledger "
    "recipient {line} --is {suspension}`, or `--is-not {suspension}`. Until then there is no accounting"
)


def _plain(name: str) -> str:
    return " ".join(name.split()).casefold()
