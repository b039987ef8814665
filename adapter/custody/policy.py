"""The policy of custody by the day it takes effect: how long originals are kept, and on what terms they leave.

The packaged table is `custody.toml`; a deployment's own (setting `custody`) adds lines of retention for its state and
its laboratory and turns switches of `[[release]]` from a day on.
"""

import calendar
import datetime as dt
import functools
import re
import tomllib
from collections.abc import Iterable
from importlib import resources
from pathlib import Path
from typing import Any, Literal, TypeVar

import msgspec

from mappings.problems import refuse
from mappings.terminology.labels import schemes

T = TypeVar("T", "Retention", "Terms")
RULE = "custody.policy"
TABLE = "custody.toml"
MaterialKind = Literal["block", "slide", "cytology-slide", "tissue"]


class Retention(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One duty to keep an original.

    Attributes:
        keep: ISO 8601 duration in whole years or weeks (`P10Y`, `P2W`).
        start: what it runs from: the examination, or the final report.
        mark: `S` the number was seen in a text, `M` it is from memory; a deployment's own line may leave it out.
    """

    id: str
    effective_from: dt.date
    regime: Literal["clia", "cap", "state", "laboratory"]
    material: MaterialKind
    keep: str
    start: Literal["examination", "final-report"]
    citation: str
    mark: Literal["S", "M", ""] = ""

    def __post_init__(self) -> None:
        if not re.fullmatch(r"P\d{1,3}[YW]", self.keep):
            raise ValueError("`keep` is years (P10Y) or weeks (P2W)")

    def until(self, day: dt.date) -> dt.date:
        """The day up to which the original is kept where the time runs from `day`; 29 February becomes 1 March.

        A time that leaves the calendar ends with it.
        """
        count, unit = int(self.keep[1:-1]), self.keep[-1]
        try:
            if unit == "W":
                return day + dt.timedelta(weeks=count)
            if (day.month, day.day) == (2, 29) and not calendar.isleap(day.year + count):
                return dt.date(day.year + count, 3, 1)
            return day.replace(year=day.year + count)
        except (ValueError, OverflowError):
            return dt.date.max


class Terms(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The switches of a laboratory; what each means stands beside it in the table."""

    effective_from: dt.date
    recuts_first: bool
    agreement_lends_originals: bool
    limited_blocks_cut: bool
    limited_blocks_lent: bool
    transfer_within_retention: bool
    written_request_needed: bool
    accredited_unless_told: bool
    label_scheme: str

    def __post_init__(self) -> None:
        if self.label_scheme and self.label_scheme not in {n for s in schemes() for n in (s.name, s.family)}:
            raise ValueError("`label_scheme` is no scheme of labels")


class Policy(msgspec.Struct, frozen=True, kw_only=True):
    """What holds on one day: the duties to keep, and the terms."""

    retention: tuple[Retention, ...]
    terms: Terms


@functools.cache
def packaged() -> dict[str, Any]:
    """The table that comes with the adapter."""
    return tomllib.loads(resources.files(__package__).joinpath(TABLE).read_text(encoding="utf-8"))


def policy_for(day: dt.date, own: Path | None = None) -> Policy:
    """Return what holds on a day, with a deployment's own table on top.

    A line of retention replaces earlier ones of the same `id`. A packaged line cannot be replaced, only outlived by a
    longer one of one's own: what binds is the longest.

    Raises:
        ProblemError: the own table cannot be read, is no TOML, or holds what does not fit; a day before any table.
    """
    table = packaged()
    rows, terms = list(table["retention"]), list(table["release"])
    if own is not None:
        theirs = _own(own)
        rows += theirs.get("retention", [])
        terms += theirs.get("release", [])
    where = TABLE if own is None else own.name
    found = [_made(Retention, row, f"{where} [[retention]]") for row in rows]
    in_effect = {row.id: row for row in sorted(found, key=lambda r: r.effective_from) if row.effective_from <= day}
    return Policy(retention=tuple(in_effect.values()), terms=_terms(terms, day, where))


def _terms(rows: Iterable[dict[str, Any]], day: dt.date, where: str) -> Terms:
    """The switches in effect: a later table holds only what changes."""
    told: dict[str, Any] = {}
    for row in sorted(rows, key=lambda row: row["effective_from"]):
        known = {**told, **row}
        _made(Terms, known, f"{where} [[release]]")
        told = known if row["effective_from"] <= day else told
    if not told:
        raise refuse("not-found", where, "no policy of custody is in effect on that day", rule=RULE)
    return _made(Terms, told, f"{where} [[release]]")


def _own(path: Path) -> dict[str, Any]:
    try:
        table = tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError:
        raise refuse("not-found", path.name, "cannot be read; name the file that exists", rule=RULE) from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError):
        raise refuse("structure", path.name, "is not TOML; mend the file", rule=RULE) from None
    if not table or table.keys() - {"retention", "release"} or not all(map(_dated, table.values())):
        message = "holds [[retention]] and [[release]] tables and nothing else, each with its day: effective_from"
        raise refuse("structure", path.name, message, rule=RULE)
    if any(row.get("regime") not in ("state", "laboratory") for row in table.get("retention", ())):
        message = (
            "lines of your own are of the regime `state` or `laboratory`: they add to the law, and cannot replace it"
        )
        raise refuse("forbidden", f"{path.name} [[retention]]", message, rule=RULE)
    ours = {row["id"] for row in packaged()["retention"]}
    if any(row.get("id") in ours for row in table.get("retention", ())):
        message = "has the `id` of a packaged line: give it one of its own"
        raise refuse("duplicate", f"{path.name} [[retention]]", message, rule=RULE)
    return table


def _dated(rows: object) -> bool:
    return isinstance(rows, list) and all(
        isinstance(r, dict) and type(r.get("effective_from")) is dt.date for r in rows
    )


def _made(kind: type[T], row: dict[str, Any], where: str) -> T:
    try:
        return msgspec.convert(row, kind)
    except msgspec.ValidationError as error:
        told = re.sub(r", got `[^`]*`|Invalid enum value '[^']*'", "", str(error))
        raise refuse("structure", where, f"{told or 'does not fit'}; correct the table", rule=RULE) from None
