"""What people see: tables and summaries. Colours follow NO_COLOR and go only to a terminal."""

from pathlib import Path
from typing import Any

import click
from rich.console import Console
from rich.markup import escape as markup
from rich.table import Table

from adapter.account import Account, Unit
from adapter.cli.columns import columns
from adapter.cli.run import printable
from adapter.completeness import Forecast, Foretold
from adapter.consent.blocking import exceptions_for
from adapter.consent.decide import Decision
from adapter.consent.facts import Facts
from mappings.completeness.assess import NOTHING, Completeness, Requirement
from mappings.completeness.outcome import STATES

WIDTH = 120
NAMED = 3
"""How many units with the same reason are named on the terminal."""


def escape(text: str) -> str:
    """A text that came from outside: neither the terminal nor rich takes anything in it for a command."""
    return markup(printable(text))


def console(stderr: bool = False) -> Console:
    """A console on stdout (or stderr); in a pipe it is plain and wide."""
    made = Console(stderr=stderr, highlight=False, soft_wrap=False)
    return made if made.is_terminal else Console(stderr=stderr, highlight=False, width=WIDTH, no_color=True)


def decision_json(decision: Decision) -> dict[str, Any]:
    """A decision as `decide` and `--json` print it."""
    return {
        "outcome": decision.outcome,
        "deadline": decision.deadline,
        "excluded": list(decision.excluded),
        "reasons": [
            {
                "code": reason.code,
                "citation": reason.citation,
                **({"item": reason.item} if reason.item else {}),
                **({"fact": reason.fact} if reason.fact else {}),
            }
            for reason in decision.reasons
        ],
    }


def decision(made: Decision, facts: Facts) -> None:
    """The decision as a table: one line an item, why, and what to do next."""
    out = console()
    term = f", by {made.deadline}" if made.deadline else ""
    out.print(f"[bold]{made.outcome}[/bold]{term}")
    rows: list[tuple[str, ...]] = [("item", "kind", "fate", "why")]
    for item in facts.materials:
        why = "; ".join(f"{r.code} ({r.citation})" for r in made.reasons if r.item == item.id)
        rows.append((item.id, item.kind or "", _fate(made, item.id), why))
    _table(out, rows)
    steps: dict[str, str] = {}
    for reason in made.reasons:
        if reason.item is None:
            out.print(f"{reason.code}: {escape(reason.sentence)} ({reason.citation})", soft_wrap=True)
        if reason.ground.role == "open":
            steps.setdefault(reason.next_step, reason.code)
    for step, code in steps.items():
        out.print(f"next, for {code}: {escape(step)}", soft_wrap=True)
    for row in exceptions_for(made):
        unread = "" if row.verified else "; not verified, read the section"
        out.print(f"information blocking, {row.exception} ({row.citation}{unread}): {row.asks}", soft_wrap=True)


def blocking_json(made: Decision) -> list[dict[str, Any]]:
    """The exceptions of 45 CFR part 171 that may cover what is not given; for the holder alone, as all of `check`."""
    said = {reason.code for reason in made.reasons}
    return [
        {
            "exception": row.exception,
            "citation": row.citation,
            "verified": row.verified,
            "codes": [code for code in row.codes if code in said],
            "says": row.says,
            "asks": row.asks,
            "proof": row.proof,
        }
        for row in exceptions_for(made)
    ]


def _table(out: Console, rows: list[tuple[str, ...]]) -> None:
    """A table on a terminal; in a pipe one line a row, never folded, so that it can be searched."""
    if not out.is_terminal:
        click.echo("\n".join(columns([tuple(map(printable, row)) for row in rows])))
        return
    table = Table(box=None, pad_edge=False, show_edge=False)
    for title in rows[0]:
        table.add_column(title, overflow="fold")
    for row in rows[1:]:
        table.add_row(*map(escape, row))
    out.print(table)


def _fate(made: Decision, item: str) -> str:
    if item in made.released:
        return "released"
    if item in made.duplicates:
        return "duplicate"
    return "withheld" if item in made.excluded or made.permits else "waits"


def completeness(found: Completeness, forecast: Forecast | None = None) -> None:
    """What the reviewer needs and where it is; what they will miss; what they will miss because it is withheld."""
    out = console()
    theirs = {told.requirement.key: told for told in forecast.needs} if forecast else {}
    heads = ("need", "level", "state", *(("for the recipient",) if forecast else ()), "what there is")
    rows: list[tuple[str, ...]] = [heads]
    for one in found.requirements:
        told = theirs.get(one.key)
        row = (_need(one), one.level, STATES[one.state], *((_theirs(told),) if forecast else ()), one.detail)
        rows.append(row)
    _table(out, rows)
    out.print("the reviewer will miss:" if found.gaps else "complete for this scope")
    for gap in found.gaps:
        why = "" if gap.detail == NOTHING else f": {escape(gap.detail)}"
        out.print(f"  {gap.level}: {escape(_need(gap))}{why}", soft_wrap=True)
    withheld = [told.requirement for told in theirs.values() if told.withheld]
    if withheld:
        out.print("the recipient will miss, because it is withheld (nothing that goes tells so):")
    for one in withheld:
        out.print(f"  {one.level}: {escape(_need(one))}", soft_wrap=True)


def _need(found: Requirement) -> str:
    return f"{found.label} ({found.about})" if found.about else found.label


def _theirs(told: Foretold | None) -> str:
    if told is None or told.recipient is None:
        return "not asked for" + (" (withheld)" if told and told.withheld else "")
    return STATES[told.recipient.state] + (" (withheld)" if told.withheld else "")


def completeness_json(found: Completeness, forecast: Forecast | None = None) -> list[dict[str, Any]]:
    """Every need as `--json` prints it; `recipient` and `withheld` where it is known what would go."""
    theirs = {told.requirement.key: told for told in forecast.needs} if forecast else {}
    return [
        {
            "need": one.need,
            "label": one.label,
            "about": one.about,
            "level": one.level,
            "state": one.state,
            "detail": one.detail,
            **(_theirs_json(theirs[one.key]) if one.key in theirs else {}),
        }
        for one in found.requirements
    ]


def gaps_json(found: Completeness) -> list[dict[str, Any]]:
    """What the reviewer will miss as `--json` prints it."""
    return [{"need": gap.need, "about": gap.about, "level": gap.level, "state": gap.state} for gap in found.gaps]


def _theirs_json(told: Foretold) -> dict[str, Any]:
    return {"recipient": told.recipient.state if told.recipient else None, "withheld": told.withheld}


def refusal(made: Decision) -> None:
    """Why the gate does not permit, and the next step of each reason, on stderr."""
    out = console(stderr=True)
    out.print(f"[bold]not released[/bold]: {made.outcome}" + (f", answer by {made.deadline}" if made.deadline else ""))
    telling = [r for r in made.reasons if r.ground.role in ("open", "exclusion")] or list(made.reasons)
    for reason in telling:
        about = f" [{reason.item}]" if reason.item else ""
        out.print(f"  {reason.code}{escape(about)}: {escape(reason.sentence)} ({reason.citation})", soft_wrap=True)
        out.print(f"    next: {escape(reason.next_step)}", soft_wrap=True)


def summary(done: Any, target: Path, place: Path) -> None:
    """What an export did: released, withheld and why, where to look."""
    out = console()
    made: Decision = done.checked.decision
    basis = ", ".join(row.citation for row in done.release.basis)
    gone = set(done.release.items)
    out.print(f"released {len(gone)} of {len(done.checked.facts.materials)} items under {basis}")
    withheld = [item for item in done.checked.facts.materials if item.id in made.excluded]
    for item in withheld:
        why = "; ".join(f"{r.sentence} ({r.citation})" for r in made.reasons if r.item == item.id)
        out.print(f"withheld {escape(item.id)} ({item.kind}): {escape(why)}", soft_wrap=True)
    for name in made.released:
        if name not in gone:
            out.print(f"withheld {escape(name)}: it cannot stand without what is withheld", soft_wrap=True)
    account(done.account)
    out.print(f"bundle   {escape(str(target))}", soft_wrap=True)
    out.print(f"account  {escape(str(place))}", soft_wrap=True)


def account(made: Account) -> None:
    """The account: counts, then what was withheld or refused, once for each reason; account.json names every unit."""
    out = console()
    words = ("mapped", "kept", "withheld", "refused")
    out.print(f"units    {', '.join(f'{word} {made.count(word)}' for word in words)}")  # type: ignore[arg-type]
    wrong, odd = made.travelling("error"), made.travelling("warning")
    if wrong or odd:
        out.print(f"noticed  errors {len(wrong)}, warnings {len(odd)} in what goes as it came (the account has them)")
    for source, found in odd:
        if found.rule == "convert.kept":
            out.print(f"  warning {escape(source)}: {escape(found.message)}", soft_wrap=True)
    for source, found in wrong:
        out.print(f"  error {escape(source)}: {escape(found.where)}: {escape(found.message)}", soft_wrap=True)
    alike: dict[tuple[str, str], list[str]] = {}
    for unit in made.units:
        if unit.outcome in ("withheld", "refused"):
            alike.setdefault((unit.outcome, _reason(unit)), []).append(unit.source)
    for (outcome, reason), sources in alike.items():
        more = f" and {len(sources) - NAMED} more" if len(sources) > NAMED else ""
        named = f"{', '.join(sources[:NAMED])}{more}"
        out.print(f"  {outcome} {escape(named)}: {escape(reason)}", soft_wrap=True)


def _reason(unit: Unit) -> str:
    """Why a unit stayed; of what was refused only that, each with its place inside the unit."""
    if unit.outcome != "refused":
        return "; ".join(dict.fromkeys(found.message for found in unit.problems)) or "no reason noted"
    telling = [found for found in unit.problems if found.stops] or unit.problems
    said = ((found.where.removeprefix(unit.source).strip(), found.message) for found in telling)
    reasons = (f"{where}: {message}" if where else message for where, message in said)
    return "; ".join(dict.fromkeys(reasons)) or "no reason noted"
