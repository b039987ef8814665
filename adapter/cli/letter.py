"""letter: the letters that the law asks for, of a case as it is decided now."""

import datetime as dt
from pathlib import Path
from typing import Any

import click

from adapter.cli.run import emit, guarded, now, settings, tell

FOLDER = click.Path(exists=True, file_okay=False, path_type=Path)
KINDS = (
    "acknowledgement", "acceptance", "request-for-information", "consent-request", "extension", "denial",
    "review-outcome", "redirect", "fee-notice", "part2-statement", "accounting",
)  # fmt: skip
"""Those of adapter.letters.KINDS, said here so that the help is shown without them; a test compares."""


@click.command("letter")
@click.argument("kind", type=click.Choice(KINDS), metavar="KIND")
@click.argument("case", type=FOLDER)
@click.option(
    "--to", "target", type=click.Path(path_type=Path), metavar="FILE", help=".txt, .html, .pdf, .json (FHIR)."
)
@click.option("--sent", is_flag=True, help="Record in the ledger that it goes out now.")
@click.option("--json", "as_json", is_flag=True, help="One JSON object: the letter and where it is.")
@click.pass_context
@guarded
def letter_command(ctx: click.Context, kind: Any, case: Path, target: Path | None, sent: bool, as_json: bool) -> None:
    """Write the letter KIND of CASE, decided now. Without --to its text goes to stdout.

    KIND is one of acknowledgement, acceptance, request-for-information, consent-request, extension, denial,
    review-outcome, redirect, fee-notice, part2-statement, accounting; `check` names those the decision asks for.
    A letter is not written while an element of it is missing: each is said, with its paragraph and where to say it.
    """
    from adapter.claims import families
    from adapter.letters import letter
    from adapter.letters.issue import check_target, printed, write
    from adapter.pipeline import check_case

    if target is not None:
        check_target(target, case)
    chosen, time = settings(ctx), now()
    checked = check_case(case, chosen, time)
    found = occasion_of(checked, chosen, time, with_disclosures=kind == "accounting")
    made = letter(kind, found)
    ending = target.suffix.lower() if target else ".txt"
    issued = printed(ending, made, found, time, chosen.namespace, families(chosen))
    if target is not None:
        write(issued, target)
    if sent:
        _record(checked, chosen, time, made, issued.sha256)
    if as_json:
        import msgspec

        emit({"to": str(target) if target else None, "sha256": issued.sha256, "letter": msgspec.to_builtins(made)})
    else:
        click.echo(str(target) if target else issued.data.decode(), nl=target is not None)
    tell(_notes(checked))


def occasion_of(checked: Any, chosen: Any, time: Any, *, with_disclosures: bool = False) -> Any:
    """What the letters of a checked case are written on."""
    from adapter.consent.policy import policies_of, policy_for
    from adapter.letters import Occasion

    policy = policy_for(dt.date.fromisoformat(time.date), policies_of(chosen.policy))
    return Occasion(
        case=checked.loaded.case,
        facts=checked.facts,
        decision=checked.decision,
        policy=policy,
        office=chosen.office,
        disclosures=_disclosures(checked.loaded.case, chosen, time, policy) if with_disclosures else (),
    )


def _disclosures(case: Any, chosen: Any, time: Any, policy: Any) -> tuple[Any, ...]:
    """The lines of the ledger that an accounting lists, under every number of the patient and under the case."""
    from adapter.ledger.accounting import accounting, of_case, six_years
    from adapter.ledger.store import Ledger
    from adapter.letters import Disclosure
    from mappings.problems import refuse

    today = dt.date.fromisoformat(time.date)
    span = (six_years(today, policy), today)
    ledger = Ledger(chosen.ledger)
    try:
        numbers = [(str(number.system), str(number.value)) for number in case.patient.identifiers]
        found = [accounting(ledger, number, span, policy) for number in numbers]
        found.append(of_case(ledger, case.id, span, policy))
    finally:
        ledger.close()
    if any(each.persons > 1 for each in found):
        message = "has more than one person under a number of this patient; `ledger disclosures` shows what is filed"
        raise refuse("multiple-matches", "ledger", message, rule="45 CFR 164.528(b)(2)")
    lines = dict.fromkeys(
        Disclosure(
            on=line.date,
            recipient=line.recipient,
            address=line.address,
            description=line.description,
            purpose=line.purpose,
        )
        for each in found
        for line in each.lines
        if line.counts and not line.suspended
    )
    return tuple(lines)


def _record(checked: Any, chosen: Any, time: Any, made: Any, digest: str) -> None:
    """Write down the decision, and that the requester was told."""
    from adapter.ledger.store import Ledger
    from adapter.letters import NOTICE_KINDS
    from adapter.recording import entry

    asked = entry(checked, time, "letter")
    access = checked.loaded.case.access
    open_ones = [told.until for told in access.extensions if told.sent_on is None] if access else []
    ledger = Ledger(chosen.ledger, at=str(time))
    try:
        ledger.decided(asked)
        ledger.noticed(
            {
                "request_id": asked.request["id"],
                "kind": NOTICE_KINDS[made.kind],
                "sent_at": str(time),
                "recipient": made.addressee.name,
                "document_sha256": digest,
                "promised_on": str(open_ones[0]) if made.kind == "extension" and open_ones else None,
            }
        )
    finally:
        ledger.close()
    if made.kind == "extension":
        from mappings.problems import problem

        message = "is not said yet: write the day on which this letter went out, so that the decision counts with it"
        tell(
            [
                problem(
                    "required",
                    "case.json $.access.extensions.sent_on",
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
