"""Which items a name in the case means: local name, `Type/id`, fullUrl, study UID, or the id of a report's finding.

The SOP Instance UID of an instance that encloses a document means that document.

What keeps something back (a restriction, a determination, `offered: false`) means every form of it; what lets go
(`covers`) means one item only. A name that means nothing here is a Problem: it would protect nothing, silently.
"""

from collections.abc import Iterable, Iterator, Mapping

from adapter.consent.forms import Forms, every_form
from adapter.consent.words import RECIPIENTS
from adapter.holding import Loaded
from mappings.domain.access import Access
from mappings.domain.case import Case
from mappings.domain.material import is_told
from mappings.domain.party import PATIENT
from mappings.problems import Problem, problem

PHYSICAL = "#physical"
Names = Mapping[str, frozenset[str]]


def names_of(loaded: Loaded) -> Names:
    """Every name of a thing of the case -> the ids (local names, fullUrls) of what it means."""
    found: dict[str, set[str]] = {}
    for name, thing in _named(loaded):
        found.setdefault(name, set()).add(thing)
    return {name: frozenset(things) for name, things in found.items()}


def _named(loaded: Loaded) -> Iterator[tuple[str, str]]:
    case = loaded.case
    inside = {finding.id for report in case.reports for finding in report.findings}
    yield from ((item.id, item.id) for item in case.items() if item.id not in inside and not is_told(item.id))
    for item in loaded.carried:
        original = loaded.contested.get(item.full_url, item.full_url)
        short = original.rsplit("/", 2)[-2:] if "/" in original else [item.type, str(item.resource.get("id"))]
        for name in (item.full_url, original, "/".join(short), f"{item.type}/{item.resource.get('id')}"):
            yield name, item.full_url
    yield from loaded.aliases.items()
    yield from ((study.uid, study.id) for study in case.studies)
    yield from ((finding.id, report.id) for report in case.reports for finding in report.findings)
    yield from ((document.path, document.id) for document in case.documents)
    yield from loaded.enclosed.items()
    things = (*case.parts, *case.blocks, *case.slides)
    glass = [f"{thing.id}{PHYSICAL}" for thing in things if not is_told(thing.id)]
    yield from zip(glass, glass, strict=True)


def meant(name: str, names: Names) -> tuple[str, ...]:
    """The ids a name means, sorted, without the id of a finding itself (its report is what is decided about)."""
    return tuple(sorted(names.get(name, ())))


def kept_back(told: Iterable[str], names: Names, forms: Forms) -> tuple[str, ...]:
    """Every form of what these names mean, the glass of a slide too; a name that means nothing stays as it is."""
    ids = [one for name in told for one in (*meant(name, names), name)]
    return every_form(dict.fromkeys(form for one in ids for form in (one, f"{one}{PHYSICAL}")), forms)


def let_go(told: Iterable[str], names: Names) -> tuple[str, ...]:
    """The items that names of an authorization mean; one that means several, or nothing, lets nothing go."""
    return tuple(found[0] for name in told if len(found := meant(name, names)) == 1)


def unknown_names(loaded: Loaded, items: frozenset[str], forms: Forms) -> tuple[Problem, ...]:
    """A Problem for every name that means nothing the law decides about, and every recipient that is none."""
    case, access, names = loaded.case, loaded.case.access, names_of(loaded)
    places = [(f"materials[{n}].{field}", name) for n, field, name in _lines(case)]
    wrong = [where for where, name in places if not names.get(name)]
    if access is not None:
        wrong += [where for where, name in _protected(access) if items.isdisjoint(kept_back((name,), names, forms))]
        wrong += [where for where, name in _covered(access) if len(meant(name, names)) != 1]
    return (*(problem("not-found", f"case.json $.{w}", _NOTHING, rule="case.names") for w in wrong), *_recipients(case))


_NOTHING = (
    "names nothing that is decided about here, or more than one thing; write a local name of the case, a fullUrl, a "
    "`Type/id` that one source has, or a study UID"
)


def _lines(case: Case) -> Iterator[tuple[int, str, str]]:
    for number, line in enumerate(case.materials):
        scanned = line.in_law.scan_of if line.in_law else None
        for field, name in (("item", line.item), ("duplicate_of", line.duplicate_of), ("in_law.scan_of", scanned)):
            if name is not None:
                yield number, field, name


def _covered(access: Access) -> Iterator[tuple[str, str]]:
    for paper in LIMITED:
        held = getattr(access, paper)
        yield from ((f"access.{paper}.covers[{n}]", name) for n, name in enumerate(held.covers or () if held else ()))


LIMITED = (
    "authorization", "psychotherapy_authorization", "part2_consent", "counseling_notes_consent", "proceedings_consent",
)  # fmt: skip
"""Papers that may be limited to items."""


def _protected(access: Access) -> Iterator[tuple[str, str]]:
    for number, restriction in enumerate(access.restrictions):
        yield from ((f"access.restrictions[{number}].items[{n}]", name) for n, name in enumerate(restriction.items))
    for number, finding in enumerate(access.determinations):
        yield from ((f"access.determinations[{number}].applies_to[{n}]", v) for n, v in enumerate(finding.applies_to))


def _recipients(case: Case) -> Iterator[Problem]:
    for number, restriction in enumerate(case.access.restrictions if case.access else ()):
        word = restriction.blocks_recipient
        if word not in RECIPIENTS and not parties_named(case, word):
            words = ", ".join(sorted(RECIPIENTS))
            message = f"names no recipient: write a local name or the name of a party of this case, or one of {words}"
            where = f"case.json $.access.restrictions[{number}].blocks_recipient"
            yield problem("not-found", where, message, rule="case.names")


def parties_named(case: Case, told: str) -> frozenset[str]:
    """Local names of the parties that a text means, by local name or by the party's own name."""
    called: list[tuple[str, str]] = [(party.id, party.name) for party in case.organizations]
    called += [(person.id, name.label) for person in case.practitioners for name in person.names]
    called += [(person.id, name.label) for person in case.related_persons for name in person.names]
    called += [(PATIENT, name.label) for name in case.patient.names]
    called += [(role.id, "") for role in case.roles]
    return frozenset(party for party, name in called if told in (party,) or (name and _same(told, name)))


def _same(one: str, other: str) -> bool:
    return " ".join(one.split()).casefold() == " ".join(other.split()).casefold()


def is_blocked(case: Case, told: str) -> bool:
    """Whether a restriction's recipient is a party through which the recipient of this case receives."""
    access = case.access
    party = access.recipient_party if access else None
    role = next((role for role in case.roles if role.id == party), None)
    reached = {party, role.organization, role.practitioner} if role else {party}
    return not reached.isdisjoint(parties_named(case, told))
