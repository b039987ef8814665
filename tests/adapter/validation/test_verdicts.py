"""Judgements that rely on one another: each made as seldom as can be, in cycles and chains of any length."""

from typing import Any

import pytest

from adapter.validation import Judge, validate_bundle
from adapter.validation.model import ProfileNode, Slicing, TypeRule
from adapter.validation.places import Finding
from adapter.validation.verdicts import Key, Verdicts
from adapter.validation.world import World
from mappings.fhir.wire import Json
from tests.adapter.validation.literal import BASE, CANONICAL, Literal, node, profile

VITAL = BASE + "vitalsigns"
RING = profile(
    "ring",
    "Observation",
    {
        "hasMember": node(types=(TypeRule(code="Reference", targets=(CANONICAL + "ring",)),)),
        "value[x]": node(min=1),
    },
)


def graph(asked: dict[int, list[int]], bad: set[int]) -> Verdicts:
    """Keys by number: one is wrong where it is bad, or asks for one that is."""

    def judge(key: Key) -> list[Finding]:
        wrong = [each for each in asked.get(key[0], []) if not made.holds((each, ""))]
        found = [Finding("invariant", str(each), "x", "x-1") for each in wrong]
        return found + [Finding("invariant", "here", "x", "x-2")] * (key[0] in bad)

    made = Verdicts(judge)
    return made


def test_what_is_asked_for_is_judged_once_where_all_is_well() -> None:
    made = graph({number: [number + 1, number + 2] for number in range(500)}, set())
    assert made.holds((0, ""))
    assert made.rounds == 502


def test_a_full_mesh_with_one_bad_takes_few_rounds_each() -> None:
    mesh = {one: [other for other in range(40) if other != one] for one in range(40)}
    made = graph(mesh, {17})
    assert [place.place for place in made.findings((0, ""))] == [str(each) for each in mesh[0]]
    assert [made.holds((each, "")) for each in range(40)] == [False] * 40
    assert [len(made.findings((each, ""))) for each in mesh] == [39] * 17 + [1] + [39] * 22
    assert made.rounds <= 40 * 4


@pytest.mark.parametrize("length", [17, 300, 20_000])
def test_the_last_of_a_chain_is_found_however_long_it_is(length: int) -> None:
    made = graph({number: [number + 1] for number in range(length)}, {length})
    assert not made.holds((0, ""))
    assert made.rounds <= 2 * (length + 1)


def test_one_that_asks_for_all_of_a_chain_is_judged_a_few_times() -> None:
    chain = {number: [number + 1] for number in range(1, 400)} | {400: [1], 0: list(range(1, 401))}
    made = graph(chain, {400})
    assert len(made.findings((0, ""))) == 400
    assert made.rounds <= 400 * 4


def bundle(*resources: Json) -> Json:
    entries = [{"fullUrl": f"https://x.example/{r['resourceType']}/{r['id']}", "resource": r} for r in resources]
    return {"resourceType": "Bundle", "type": "collection", "entry": entries}


def ring(number: int, *members: int, **said: Any) -> Json:
    made = {"resourceType": "Observation", "id": str(number), "status": "final", "code": {"text": "x"}, **said}
    return {**made, "hasMember": [{"reference": f"Observation/{each}"} for each in members]} if members else made


def test_a_chain_of_resources_is_followed_to_its_end() -> None:
    chain = [ring(n, n + 1, valueString="x") for n in range(300)]
    claimed = {**chain[0], "meta": {"profile": [RING.url]}}
    found = Judge(bundle(claimed, *chain[1:], ring(300)), Literal(RING)).problems()
    assert [(p.rule, p.where) for p in found if p.stops] == [("fhir.target", "Bundle.entry[0].resource.hasMember[0]")]
    good = Judge(bundle(claimed, *chain[1:], ring(300, valueString="x")), Literal(RING)).problems()
    assert [p for p in good if p.stops] == []


def test_a_mesh_of_vital_signs_is_judged_in_a_number_of_steps_that_grows_with_its_references(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    steps = []
    satisfies = World.satisfies

    def counted(world: World, scope: Any, url: str) -> bool | None:
        steps.append(url)
        return satisfies(world, scope, url)

    monkeypatch.setattr(World, "satisfies", counted)
    said: Json = {
        "meta": {"profile": [VITAL]},
        "category": [{"coding": [{"system": "http://terminology.hl7.org/CodeSystem/observation-category",
                                  "code": "vital-signs"}]}],
        "subject": {"reference": "Patient/p"},
        "effectiveDateTime": "2026-01-05",
        "valueQuantity": {"value": 1},
    }  # fmt: skip
    good = [ring(one, *(other for other in range(40) if other != one), **said) for one in range(40)]
    good[7].pop("subject")
    found = validate_bundle(bundle(*good, {"resourceType": "Patient", "id": "p", "active": True}))
    assert [p.where for p in found if p.rule == "fhir.cardinality"] == ["Bundle.entry[7].resource.subject"]
    assert sum(p.rule == "fhir.target" for p in found) == 39 * 39
    assert len(steps) <= 40 * 41 * 3 * 4


def test_slices_by_profile_are_told_apart_by_what_their_targets_are() -> None:
    """A target is judged before what asks for it: taken as satisfied it would be in two slices."""
    named = profile("named", "Patient", {"name": node(min=1)})
    bare = profile("bare", "Patient", {"name": node(max=0)})

    def entry(url: str) -> ProfileNode:
        return node(children={"item": node(types=(TypeRule(code="Reference", targets=(url,)),))})

    slicing = Slicing(discriminators=(("profile", "item.resolve()"),), rules="closed")
    members = {"entry": node(slicing=slicing, slices={"named": entry(named.url), "bare": entry(bare.url)})}
    listed = profile("listed", "List", members)
    asking = profile(
        "asking", "Observation", {"focus": node(types=(TypeRule(code="Reference", targets=(listed.url,)),))}
    )
    definitions = Literal(named, bare, listed, asking)
    everyone: list[Json] = [
        {"resourceType": "Patient", "id": "n", "name": [{"text": "A"}]},
        {"resourceType": "Patient", "id": "b", "active": True},
        {"resourceType": "List", "id": "l", "status": "current", "mode": "working",
         "entry": [{"item": {"reference": "Patient/n"}}, {"item": {"reference": "Patient/b"}}]},
        {**ring(1), "meta": {"profile": [asking.url]}, "focus": [{"reference": "List/l"}]},
    ]  # fmt: skip
    assert Judge(bundle(*everyone), definitions).problems() == []
