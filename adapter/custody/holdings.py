"""Where everything of a case is: one line for each part, block and slide of which the record of custody speaks."""

import datetime as dt
from pathlib import Path

import msgspec

from adapter.custody.policy import Policy
from adapter.custody.releases import releases_of, things
from adapter.custody.retention import Thing
from adapter.custody.tree import tree_problems
from mappings.domain.case import Case
from mappings.domain.case_record import as_left, record_of
from mappings.domain.custody import Whereabouts
from mappings.domain.material import Block, Slide
from mappings.domain.native import read_case
from mappings.domain.specimen_release import SpecimenRelease
from mappings.problems import Problem, problem, refuse

CASE = "case.json"


class Holding(msgspec.Struct, frozen=True, kw_only=True):
    """One thing: what it is, where it is, and what is owed.

    Attributes:
        state: `kept`, `requested`, `released`, `in-transit`, `away`, `returned`, `lost` or `discarded`; `overdue` and
            `damaged` stand beside it.
        since: since when, as precise as the record says.
        who: the name of who has it, or who is to get it.
        days: to the day of return; negative once it is past.
        release: status and reason of its release, where one was asked for.
        sections: how many are left in a block after what was cut, or make up a slide; nothing where nobody knows.
    """

    case: str
    item: str
    what: str
    label: str | None
    state: str
    since: str | None
    who: str | None
    due_back: str | None
    days: int | None
    overdue: bool
    damaged: bool
    carrier: str | None
    tracking: str | None
    release: str | None
    release_status: str | None
    release_reason: str | None
    kept_until: str | None
    scans: tuple[str, ...]
    sections: int | None = None


class Overview(msgspec.Struct, frozen=True, kw_only=True):
    """The custody of one case."""

    case: str
    holdings: tuple[Holding, ...]
    problems: tuple[Problem, ...]


def cases_below(place: Path) -> tuple[Path, ...]:
    """The case folders that a path means: itself, or the folders right below it that hold a case.

    Raises:
        ProblemError: it is no case and holds none.
    """
    if (place / CASE).is_file():
        return (place,)
    found = tuple(sorted(folder.parent for folder in place.glob(f"*/{CASE}") if folder.is_file()))
    if not found:
        message = f"is no case folder and holds none: there is no {CASE}"
        raise refuse("not-found", place.name or ".", message, rule="case.folder")
    return found


def read(folder: Path) -> Case:
    """The case of a folder. Only case.json is read: custody is answered without looking at gigabytes of images.

    What came as FHIR is known by the name that case.json has for it.

    Raises:
        ProblemError: it cannot be read.
    """
    return read_case((folder / CASE).read_bytes(), CASE)


def overview(case: Case, policy: Policy, today: dt.date, *, everything: bool = False) -> Overview:
    """Where everything is that the record speaks of; with `everything`, what never left, too."""
    record = record_of(case)
    held = things(as_left(case, record))
    names = {**dict.fromkeys(held)} if everything else {}
    releases = {release.item: release for release in releases_of(case, policy, today, record)}
    listed = dict.fromkeys((*record.places, *names))
    lines = tuple(
        _holding(
            case,
            _lent(case, record.places.get(name, Whereabouts(item=name)), held.get(name)),
            held.get(name),
            releases.get(name),
            today,
        )
        for name in listed
    )
    problems = (*record.problems, *tree_problems(case, policy.terms.label_scheme, loaded=False), *_due(case, lines))
    return Overview(case=case.id, holdings=lines, problems=problems)


def _lent(case: Case, where: Whereabouts, thing: Thing | None) -> Whereabouts:
    """With the day of return of the loan agreement, where no hand-over says another; sections need not come back."""
    loan = case.access.loan if case.access else None
    stays = isinstance(thing, Slide) and thing.kind != "original"
    if where.due_back or stays or loan is None or not loan.agreement or where.form not in (None, "loan"):
        return where
    return msgspec.structs.replace(where, due_back=loan.return_by)


def _due(case: Case, lines: tuple[Holding, ...]) -> tuple[Problem, ...]:
    """A loan without a day of return is nobody's duty to end: it is told."""
    return tuple(
        problem(
            "incomplete",
            f"case.json $.custody ({line.item})"
            if line.item.isascii() and " " not in line.item
            else "case.json $.custody",
            "is out on loan and no day of return is recorded: record `due_back` with the hand-over",
            rule="custody.due",
            severity="warning",
        )
        for line in lines
        if line.release == "loan" and line.state in ("in-transit", "away") and line.due_back is None
    )


def _holding(
    case: Case, where: Whereabouts, thing: Thing | None, release: SpecimenRelease | None, today: dt.date
) -> Holding:
    due = where.due_back if where.place in ("in-transit", "away", "lost") else None
    return Holding(
        case=case.id,
        item=where.item,
        what=_what(thing),
        label=_label(thing),
        state=_state(where),
        since=str(where.since or where.asked) if where.since or where.asked else None,
        who=_name(case, where.who),
        due_back=str(due) if due else None,
        days=(dt.date.fromisoformat(due) - today).days if due and due.precision == "day" else None,
        overdue=where.overdue(today),
        damaged=where.damaged,
        carrier=where.carrier,
        tracking=where.tracking,
        release=release.form if release else None,
        release_status=release.status if release else None,
        release_reason=release.reason if release else None,
        kept_until=str(release.kept_until) if release and release.kept_until else None,
        scans=release.scans if release else (),
        sections=thing.sections if isinstance(thing, (Block, Slide)) else None,
    )


def _state(where: Whereabouts) -> str:
    if where.place == "kept" and where.last in ("requested", "released", "returned"):
        return where.last
    return where.place


def _what(thing: Thing | None) -> str:
    match thing:
        case Slide():
            stain = f" {thing.stain.label}" if thing.stain else ""
            number = f" ({sections_told(thing.sections)})" if thing.sections is not None else ""
            return f"{'slide' if thing.kind == 'original' else f'{thing.kind} slide'}{stain}{number}"
        case Block():
            left = f"{sections_told(thing.sections)} left" if thing.sections is not None else None
            told = [part for part in (thing.remaining, left) if part]
            return f"block ({', '.join(told)})" if told else "block"
        case None:
            return "specimen"
        case _:
            return "part"


def sections_told(number: int) -> str:
    """A number of sections in words."""
    return f"{number} section{'' if number == 1 else 's'}"


def _label(thing: Thing | None) -> str | None:
    """What is printed on it: its own label, else the accession."""
    numbers = thing.identifiers if thing is not None else ()
    own = [number.value for number in numbers if number.kind != "ACSN"] or [number.value for number in numbers]
    return own[0] if own else None


def _name(case: Case, party: str | None) -> str | None:
    """The name of an organization; of a role that of the person and the organization; else what the record says."""
    if party is None:
        return None
    organizations = {one.id: one.name for one in case.organizations}
    roles = {role.id: role.organization for role in case.roles}
    return organizations.get(roles.get(party, party), party)
