"""Whether parts, blocks and slides make a tree, and whether their labels say the same as the tree.

`case.json` names what each thing was cut from; what came as FHIR names a Specimen, which may be missing, be the wrong
kind, or lead back to itself. A label is compared only where it can be read in one way.
"""

from collections import defaultdict
from collections.abc import Iterator

from adapter.custody.retention import Thing
from mappings.domain.case import Case
from mappings.domain.material import Block, Part, Slide
from mappings.domain.party import is_foreign
from mappings.problems import Problem, problem
from mappings.terminology.labels import Label, readings

LISTS = ("parts", "blocks", "slides")


def tree_problems(case: Case, scheme: str = "", *, loaded: bool = True) -> Iterator[Problem]:
    """What is wrong with the tree of materials: cycles (errors), missing parents, labels twice or at odds (warnings).

    `scheme` is the scheme of labels of the laboratory, where it is known. Where only case.json was read (not `loaded`),
    what came as FHIR is elsewhere, and is not missed.
    """
    places = {thing.id: f"case.json $.{name}[{n}]" for name in LISTS for n, thing in enumerate(getattr(case, name))}
    held: dict[str, Thing] = {thing.id: thing for name in LISTS for thing in getattr(case, name)}
    for name, thing in held.items():
        above = parent_of(thing)
        if above is not None and (loaded or above in held or not is_foreign(above)):
            yield from _parent(thing, above, held, places[name])
    yield from _labels_twice(held, places)
    for name, thing in held.items():
        yield from _at_odds(thing, held, places[name], scheme or None)


def parent_of(thing: Thing) -> str | None:
    """The local name of what it was cut or taken from, where that is told."""
    return thing.part if isinstance(thing, Block) else thing.parent


def _parent(thing: Thing, above: str, held: dict[str, Thing], where: str) -> Iterator[Problem]:
    found = held.get(above)
    if found is None:
        message = "was cut from something that is not here: its Specimen was not supplied"
        yield problem("not-found", where, message, rule="material.parent", severity="warning")
    elif isinstance(found, Slide) or (isinstance(thing, (Part, Block)) and not isinstance(found, Part)):
        yield problem(
            "structure", where, "was cut from something that nothing of its kind is cut from", rule="material.parent"
        )
    elif _leads_back(thing, held):
        yield problem("structure", where, "leads back to itself by what it was cut from", rule="material.cycle")


def _leads_back(thing: Thing, held: dict[str, Thing]) -> bool:
    seen: set[str] = set()
    above: str | None = thing.id
    while above is not None and above in held:
        if above in seen:
            return True
        seen.add(above)
        above = parent_of(held[above])
    return False


def _labels_twice(held: dict[str, Thing], places: dict[str, str]) -> Iterator[Problem]:
    """One label on two things of a kind; an accession is that of all its parts and is not meant."""
    bearers: dict[tuple[type, str, str], list[str]] = defaultdict(list)
    for thing in held.values():
        for number in thing.identifiers:
            if number.kind != "ACSN":
                bearers[type(thing), number.system, number.value].append(thing.id)
    for names in bearers.values():
        for name in names[1:]:
            message = (
                f"has the label of {places[names[0]].removeprefix('case.json ')}: one of the two is labelled wrongly"
            )
            yield problem("duplicate", places[name], message, rule="material.label", severity="warning")


def _at_odds(thing: Thing, held: dict[str, Thing], where: str, scheme: str | None) -> Iterator[Problem]:
    """Where the label of a thing and that of what it was cut from name different accessions, parts or blocks."""
    above = held.get(parent_of(thing) or "")
    own = _label(thing, scheme)
    theirs = _label(above, scheme) if above is not None else None
    if own is None or theirs is None or _systems(thing).isdisjoint(_systems(above)):
        return
    for field in ("accession", "part", "block"):
        mine, other = getattr(own, field), getattr(theirs, field)
        if mine is not None and other is not None and mine != other:
            message = f"its label names another {field} than that of what it was cut from: one of the two is wrong"
            yield problem("conflict", where, message, rule="material.label", severity="warning")
            return


def _systems(thing: Thing | None) -> set[str]:
    return {number.system for number in thing.identifiers if number.kind != "ACSN"} if thing is not None else set()


def _label(thing: Thing | None, scheme: str | None) -> Label | None:
    """The label of a thing, where it has one that can be read in one way."""
    numbers = [number.value for number in thing.identifiers if number.kind != "ACSN"] if thing is not None else []
    found = [readings(number, scheme) for number in numbers]
    only = [next(iter(each)) for each in found if len(each) == 1]
    return only[0] if len(only) == 1 else None
