"""Words for invariants: each belongs to one that exists, and the others show their expression."""

from adapter.validation.facts import definitions, resource_types, type_facts
from adapter.validation.model import Constraint, ProfileNode
from adapter.validation.texts import TEXTS, text_of


def _keys(kind: str, seen: set[str]) -> set[str]:
    if kind in seen:
        return set()
    seen.add(kind)
    try:
        facts = type_facts(kind)
    except KeyError:  # a primitive
        return set()
    found = {constraint.key for constraint in facts.constraints}
    for element in facts.elements.values():
        found |= {constraint.key for constraint in element.constraints} | _keys(element.kind, seen)
    return found


def _of_profile(node: ProfileNode) -> set[str]:
    found = {constraint.key for constraint in node.constraints}
    return found.union(*map(_of_profile, (*node.children.values(), *node.slices.values())))


def test_every_text_is_about_an_invariant_that_exists() -> None:
    seen: set[str] = set()
    known = {"ele-1", "ext-1"}.union(*(_keys(kind, seen) for kind in sorted(resource_types())))
    for url in definitions().profiles():
        profile = definitions().profile(url)
        assert profile is not None
        known |= _of_profile(profile.root)
    assert set(TEXTS) - known == set()


def test_an_invariant_without_words_shows_its_expression_in_one_line() -> None:
    assert text_of(Constraint(key="x-1", expression="a.exists()\n  or b.exists()")) == (
        "must satisfy a.exists() or b.exists()"
    )
    assert text_of(Constraint(key="x-1", expression="a" * 200)) == f"must satisfy {'a' * 160} ..."
