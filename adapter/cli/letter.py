"""letter: the letters that the law asks for, of a case as it is decided now."""

import datetime as dt
from pathlib import Path
from typing import Any

import click

from adapter.cli.run import emit, guarded, now, settings, tell

FOLDER = click.Path(exists=True, file_okay=False, path_type=Path)
KINDS = (
    "acknowledgement", "acceptance", "request-for-information", "consent-request", "extension", "denial",
    "review-outcome", "redirect", "fee-notice", "part2-statement", "accounting", "amendment-acceptance",
    "amendment-denial", "amendment-extension", "accounting-extension", "accounting-fee-notice",
    "accounting-suspension",
)  # fmt: skip
"""Those of adapter.letters.KINDS, said here so that the help is shown without them; a test compares."""


@click.command("letter")
@click.argument("kind", type=click.Choice(KINDS), metavar="KIND")
@click.argument("case", type=FOLDER)
@click.option(
    "--to", "target", type=click.Path(path_type=Path), metavar="FILE", help=".txt, .html, .pdf, .json (FHIR)."
)
@click.option(
    "--about", metavar="ID", help="Which request under `amendments` or `accountings`, where there are several."
)
@click.option("--summary", is_flag=True, help="Of an accounting: repeated disclosures to one recipient as one line.")
@click.option("--sent", is_flag=True, help="Record in the ledger that it goes out now.")
@click.option("--json", "as_json", is_flag=True, help="One JSON object: the letter and where it is.")
@click.pass_context
@guarded
def letter_command(
    ctx: click.Context, kind: Any, case: Path, target: Path | None, about: Any, summary: bool, sent: bool, as_json: bool
) -> None:
    """Write the letter KIND of CASE, decided now. Without --to its text goes to stdout.

    KIND is one of acknowledgement, acceptance, request-for-information, consent-request, extension, denial,
    review-outcome, redirect, fee-notice, part2-statement, accounting; `check` names those the decision asks for. Of a
    request under `amendments` or `accountings`: amendment-acceptance, amendment-denial, amendment-extension,
    accounting-extension, accounting-fee-notice, accounting; to an agency: accounting-suspension.
    A letter is not written while an element of it is missing: each is said, with its paragraph and where to say it.
    """
    from adapter.claims import families
    from adapter.letters import letter
    from adapter.letters.issue import check_target, is_there, printed, write
    from adapter.pipeline import check_case

    if target is not None:
        check_target(target, case)
    chosen, time = settings(ctx), now()
    checked = check_case(case, chosen, time)
    asked = right_of(checked.loaded.case, kind, about)
    found = occasion_of(checked, chosen, time, with_disclosures=kind == "accounting", summary=summary, asked=asked)
    if kind == "accounting-suspension":
        found = _suspended(found, chosen, time)
    made = letter(kind, found)
    ending = target.suffix.lower() if target else ".txt"
    issued = printed(ending, made, found, time, chosen.namespace, families(chosen), time if sent else None)
    if target is not None:
        is_there(issued, target)
    if sent:  # before the file: what says that it was sent must not be there while the ledger does not know it
        _record(checked, chosen, time, made, issued.sha256, found)
    if target is not None:
        write(issued, target)
    if as_json:
        import msgspec

        emit({"to": str(target) if target else None, "sha256": issued.sha256, "letter": msgspec.to_builtins(made)})
    else:
        click.echo(str(target) if target else issued.data.decode(), nl=target is not None)
    tell(_notes(checked))


def right_of(case: Any, kind: Any, about: Any) -> Any:
    """The request to amend or for an accounting that a letter of this kind answers; None where it answers none."""
    from adapter.letters import AMENDING, COUNTING
    from mappings.problems import refuse

    if kind not in (*AMENDING, *COUNTING, "accounting"):
        return None
    field = "amendments" if kind in AMENDING else "accountings"
    there = getattr(case, field)
    fits = [asked for asked in there if about is None or asked.id == about]
    if len(fits) == 1:
        return fits[0]
    if kind == "accounting" and not there and about is None:
        return None
    said = "has more than one request; name one with --about" if fits else "has no such request; say what was asked for"
    raise refuse("required", f"case.json $.{field}", said, rule="letters.about")


def occasion_of(
    checked: Any, chosen: Any, time: Any, *, with_disclosures: bool = False, summary: bool = False, asked: Any = None
) -> Any:
    """What the letters of a checked case are written on; with `asked`, of that request to amend or account."""
    from adapter.consent.decide import decide
    from adapter.consent.rights_facts import facts_of_right
    from adapter.letters import Occasion

    facts = checked.facts if asked is None else facts_of_right(asked, str(time))
    policy = checked.policy
    return Occasion(
        case=checked.loaded.case,
        facts=facts,
        decision=checked.decision if asked is None else decide(facts, policy),
        policy=policy,
        office=chosen.office,
        **(_accounted(checked.loaded.case, chosen, time, policy, facts) if with_disclosures else {}),
        summary=summary,
        right=asked,
    )


def of_rights(checked: Any, chosen: Any, time: Any) -> list[dict[str, Any]]:
    """Each request to amend or for an accounting of a case: what is decided, by when, and the letters it asks for."""
    from adapter.letters import called_for
    from adapter.rights import rights_of

    told = []
    for asked in rights_of(checked.loaded.case):
        found = occasion_of(checked, chosen, time, asked=asked)
        told.append(
            {"kind": found.facts.pathway, "about": asked.id, "outcome": found.decision.outcome,
             "deadline": found.decision.deadline, "letters": called_for(found)}
        )  # fmt: skip
    return told


def _suspended(found: Any, chosen: Any, time: Any) -> Any:
    """The occasion with the suspension that was written down last of those in force."""
    import msgspec

    from adapter.ledger.accounting import suspensions
    from adapter.ledger.store import Ledger
    from adapter.letters import Suspension

    numbers = {(str(number.system), str(number.value)) for number in found.case.patient.identifiers}
    ledger = Ledger(chosen.ledger)
    try:
        rows = suspensions(ledger, numbers, dt.date.fromisoformat(time.date))
    finally:
        ledger.close()
    if not rows:
        return found
    row = rows[-1]
    told = Suspension(
        agency=row["agency"], address=row["agency_address"], official=row["official"], form=row["form"],
        stated_on=row["stated_on"], until=row["until"],
    )  # fmt: skip
    return msgspec.structs.replace(found, suspension=told)


def _accounted(case: Any, chosen: Any, time: Any, policy: Any, facts: Any) -> dict[str, Any]:
    """What an accounting lists, out of the ledger: under every number of the patient and under the case.

    The six years end on the day of a request for an accounting; else today. A line that one of these finds suspended is
    in none; while it is not known whether one is, there is no accounting (adapter.ledger.suspending says why).
    """
    from adapter.consent.clock import day_of_receipt
    from adapter.ledger.accounting import accounting, of_case, six_years
    from adapter.ledger.store import Ledger
    from adapter.ledger.suspending import not_settled
    from adapter.letters import Disclosure, Research
    from mappings.problems import ProblemError, refuse

    today = dt.date.fromisoformat(time.date)
    last = day_of_receipt(facts, policy) if facts.pathway == "accounting" else None
    span = (six_years(last or today, policy), last or today)
    ledger = Ledger(chosen.ledger)
    try:
        numbers = [(str(number.system), str(number.value)) for number in case.patient.identifiers]
        found = [accounting(ledger, number, span, policy, (today,)) for number in numbers]
        found.append(of_case(ledger, case.id, span, policy, (today,), numbers))
    finally:
        ledger.close()
    if any(each.persons > 1 for each in found):
        message = "has more than one person under a number of this patient; `ledger disclosures` shows what is filed"
        raise refuse("multiple-matches", "ledger", message, rule="45 CFR 164.528(b)(2)")
    every = [line for each in found for line in each.lines]
    if open_ones := not_settled(every):
        raise ProblemError(open_ones)
    suspended = {line.id for line in every if line.suspended}
    lines = {line.id: line for line in every if line.counts and line.id not in suspended}
    disclosures = tuple(
        Disclosure(
            on=line.date,
            recipient=line.recipient,
            address=line.address,
            description=line.description,
            purpose=line.purpose,
            basis=line.basis,
        )
        for line in lines.values()
    )
    tell(found[-1].studies.doubts())
    fields = Research.__struct_fields__
    research = tuple(Research(**{name: getattr(each, name) for name in fields}) for each in found[-1].studies.listed)
    return {"disclosures": disclosures, "research": research}


def _record(checked: Any, chosen: Any, time: Any, made: Any, digest: str, found: Any) -> None:
    """Write down the decision, and that the requester (or the agency) was told."""
    from adapter.ledger.store import Ledger
    from adapter.letters import NOTICE_KINDS
    from adapter.recording import entry
    from adapter.rights import entry_of

    right, extends = found.right, made.kind.endswith("extension")
    if right is None:
        asked = entry(checked, time, "letter")
    else:
        asked = entry_of(checked, right, found.facts, found.decision, time, "letter")
    held = right or checked.loaded.case.access
    open_ones = [told for told in held.extensions if told.sent_on is None] if held and extends else []
    ledger = Ledger(chosen.ledger, at=str(time))
    try:
        ledger.asked(asked)
        ledger.noticed(
            {
                "request_id": asked.request["id"],
                "kind": NOTICE_KINDS[made.kind],
                "sent_at": str(time),
                "recipient": made.addressee.name,
                "document_sha256": digest,
                "promised_on": str(open_ones[0].until) if open_ones else None,
                "reasons": open_ones[0].reasons if open_ones else None,
            }
        )
    finally:
        ledger.close()
    if extends:
        from mappings.problems import problem

        message = "is not said yet: write the day on which this letter went out, so that the decision counts with it"
        tell(
            [
                problem(
                    "required",
                    f"{found.place}.extensions.sent_on",
                    message,
                    rule="letters.sent",
                    severity="warning",
                )
            ]
        )


def _notes(checked: Any) -> list[Any]:
    from mappings.problems import problem

    language = checked.loaded.case.patient.language
    if language is None or language.lower().split("-")[0] == "en":
        return []
    message = "is not English, and the letter is: have it translated for who reads it"
    where = "case.json $.patient.language"
    return [problem("informational", where, message, rule="letters.language", severity="warning")]
