"""What the gate makes says in full why nobody else makes it, and a use of one's own is one in every fact."""

import copy
import pickle
from collections.abc import Callable
from typing import Any

import pytest

from adapter.consent import gate
from adapter.consent.facts import Facts, facts_from, holder_use
from adapter.consent.groups import Material
from adapter.consent.release import HolderUse, Release
from mappings.problems import ProblemError
from tests.adapter.consent.given import NOTES, REPORT, TREATMENT, USE, policy


@pytest.mark.parametrize(
    ("kind", "message"),
    [
        (Release, "a Release is made by adapter.consent.gate.release only"),
        (HolderUse, "a HolderUse is made by adapter.consent.gate.use only"),
    ],
)
def test_nobody_else_makes_one(kind: Callable[..., object], message: str) -> None:
    with pytest.raises(TypeError) as caught:
        kind(object(), frozenset())
    assert str(caught.value) == message


@pytest.mark.parametrize(
    ("kind", "message"), [(Release, "Release has no subclasses"), (HolderUse, "HolderUse has no subclasses")]
)
def test_neither_has_subclasses(kind: type, message: str) -> None:
    with pytest.raises(TypeError) as caught:
        type("Other", (kind,), {})
    assert str(caught.value) == message


@pytest.mark.parametrize("repeat", [copy.copy, copy.deepcopy, pickle.dumps])
@pytest.mark.parametrize(("kind", "article"), [(Release, "a Release"), (HolderUse, "a HolderUse")])
def test_neither_is_copied_or_stored(kind: type, article: str, repeat: Callable[[Any], object]) -> None:
    with pytest.raises(TypeError) as caught:
        repeat(object.__new__(kind))
    assert str(caught.value) == f"{article} is neither copied nor stored: it is made anew by a decision"


@pytest.mark.parametrize(
    "facts",
    [
        facts_from(TREATMENT),
        facts_from(USE | {"recipient": "payer"}),
        Facts(pathway="access"),
    ],
    ids=["a-disclosure-that-is-permitted", "a-use-that-is-not-permitted", "nothing-known"],
)
def test_another_basis_or_an_open_question_is_no_use(facts: Facts) -> None:
    with pytest.raises(ProblemError) as caught:
        gate.use(facts, policy())
    [problem] = caught.value.problems
    assert (problem.code, problem.where, problem.message, problem.rule) == (
        "forbidden",
        "use",
        "is not a use inside the holder's own walls",
        "gate",
    )


def test_a_use_holds_what_may_be_used_and_why_the_rest_may_not() -> None:
    used = gate.use(facts_from(USE | {"materials": [REPORT, NOTES]}), policy())
    assert used.items == {"report"}
    assert list(used.kept) == ["notes"]
    assert {reason.item for reason in used.kept["notes"]} == {"notes"}
    assert [reason.code for reason in used.kept["notes"]] == ["PSYCHOTHERAPY_AUTHORIZATION_MISSING"]


def test_a_use_of_everything_keeps_nothing() -> None:
    used = gate.use(holder_use((Material(id="m", kind="clinical_record"),)), policy())
    assert (used.items, used.kept) == (frozenset({"m"}), {})
