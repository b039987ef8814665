"""Words for invariants: each belongs to one that exists, and the others show their expression."""

import functools

from adapter.validation.facts import definitions, resource_types, type_facts
from adapter.validation.model import Constraint, ProfileNode
from adapter.validation.texts import OWN, TEXTS, text_of


def _of_type(kind: str, seen: set[str]) -> set[Constraint]:
    if kind in seen:
        return set()
    seen.add(kind)
    try:
        facts = type_facts(kind)
    except KeyError:  # a primitive
        return set()
    found = set(facts.constraints)
    for element in facts.elements.values():
        found |= {*element.constraints, *_of_type(element.kind, seen)}
    return found


def _of_profile(node: ProfileNode) -> set[Constraint]:
    found = set(node.constraints)
    return found.union(*map(_of_profile, (*node.children.values(), *node.slices.values())))


@functools.cache
def every() -> frozenset[Constraint]:
    """The invariants of R4 and of all the profiles at hand."""
    seen: set[str] = set()
    found: set[Constraint] = set().union(*(_of_type(kind, seen) for kind in sorted(resource_types())))
    for url in definitions().profiles():
        profile = definitions().profile(url)
        assert profile is not None
        found |= _of_profile(profile.root)
    return frozenset(found)


def test_every_text_is_about_an_invariant_that_exists() -> None:
    said = {(each.key, " ".join(each.expression.split())) for each in every()} | {("ele-1", ""), ("ext-1", "")}
    unused = {key for key, (begins, _) in TEXTS.items() if not any(k == key and e.startswith(begins) for k, e in said)}
    assert unused == set()
    assert {int(each.key[3:]) for each in every() if each.key[:3] == "so-"} == set(OWN)


def test_an_id_that_is_used_again_has_not_the_words_of_another() -> None:
    texts = {each.expression: text_of(each) for each in every() if each.key == "us-core-6"}
    assert texts["url.exists() or data.exists()"] == "must satisfy url.exists() or data.exists()"
    assert {text.split(",")[0] for text in texts.values()} == {
        "must have either a family or given name",
        "must satisfy url.exists() or data.exists()",
    }


def test_an_invariant_without_words_shows_its_expression_in_one_line() -> None:
    assert text_of(Constraint(key="x-1", expression="a.exists()\n  or b.exists()")) == (
        "must satisfy a.exists() or b.exists()"
    )
    assert text_of(Constraint(key="x-1", expression="a" * 200)) == f"must satisfy {'a' * 160} ..."
