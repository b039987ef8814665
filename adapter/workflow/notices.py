"""The letters of a request: those that were sent, as far as ledger and case know, and those still to be sent."""

from collections.abc import Iterator

import msgspec

from adapter.consent.case_papers import party_name
from adapter.consent.rules import same_name
from adapter.letters import NOTICE_KINDS, Letter, called_for, letter
from adapter.workflow.matter import At
from mappings.domain.access import Notice
from mappings.domain.case import Case
from mappings.domain.party import PATIENT
from mappings.domain.values import Moment
from mappings.fhir import review_task
from mappings.problems import Problem, ProblemError
from mappings.terminology.tables import table

SENT, OPEN = "sent", "open"


class Told(msgspec.Struct, frozen=True, kw_only=True):
    """A notice; the letter itself where it is still to be sent, the digest of the one that went."""

    notice: Notice
    letter: Letter | None = None
    sha256: str | None = None


def told(at: At) -> tuple[list[Told], list[Problem]]:
    """Every notice, the sent ones first, and what the letters still to be sent lack (as warnings)."""
    gone = [*_of_ledger(at), *_of_case(at)]
    lacking: list[Problem] = []
    waiting = list(_waiting(at, {one.notice.kind for one in gone}, lacking))
    return [*gone, *waiting], list(dict.fromkeys(lacking))


def _of_ledger(at: At) -> Iterator[Told]:
    for row in at.ledger.notices:
        name = f"{SENT}-{row['id']}"
        recipient = _called(at.case, row["recipient"]) or at.access.requested_by or PATIENT
        yield Told(
            notice=_notice(at, name, row["kind"], _title(row["kind"]), recipient, Moment(row["sent_at"])),
            sha256=row["document_sha256"],
        )


def _of_case(at: At) -> Iterator[Told]:
    """Extensions that the case says were sent and the ledger does not have."""
    recorded = {str(row["sent_at"])[:10] for row in at.ledger.notices if row["kind"] == "extension"}
    for number, said in enumerate(at.access.extensions, start=1):
        if said.sent_on is not None and str(said.sent_on) not in recorded:
            recipient = at.access.requested_by or PATIENT
            name = f"{SENT}-extension-{number}"
            yield Told(notice=_notice(at, name, "extension", _title("extension"), recipient, Moment(said.sent_on)))


def _waiting(at: At, gone: set[str], lacking: list[Problem]) -> Iterator[Told]:
    for kind in called_for(at.occasion):
        if NOTICE_KINDS[kind] in gone and kind != "extension":
            continue
        name = f"{OPEN}-{kind}"
        try:
            made = letter(kind, at.occasion)
        except ProblemError as error:
            lacking += [msgspec.structs.replace(found, severity="warning") for found in error.problems]
            recipient = at.access.requested_by or PATIENT
            yield Told(notice=_notice(at, name, NOTICE_KINDS[kind], _title(NOTICE_KINDS[kind]), recipient, None))
        else:
            notice = _notice(at, name, NOTICE_KINDS[kind], made.title, made.addressee.id, None)
            yield Told(notice=msgspec.structs.replace(notice, document=f"{name}-letter"), letter=made)


def _notice(at: At, name: str, kind: str, title: str, recipient: str, sent: Moment | None) -> Notice:
    review = (f"{at.access.id}{review_task.SUFFIX}",) if kind == "review-outcome" and at.access.review else ()
    return Notice(
        id=name,
        kind=kind,  # type: ignore[arg-type]
        sent=sent,
        recipient=recipient,
        text=title,
        about=(at.request, *review),
    )


def _title(kind: str) -> str:
    """What such a notice is called."""
    [code] = table("notice-kind").codings(kind)
    return str(code.display)


def _called(case: Case, name: str | None) -> str | None:
    """The local name of the party that is called so."""
    parties = (PATIENT, *(p.id for p in (*case.related_persons, *case.organizations, *case.roles, *case.practitioners)))
    return next((local for local in parties if same_name(party_name(case, local), name)), None)
