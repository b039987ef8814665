"""What holds for every request, whatever facts of the schema it has."""

import datetime as dt
from collections import Counter
from typing import Any

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from adapter.consent.basis import CHOICES, DECEDENT_50, basis_for
from adapter.consent.clock import day_of_decision, day_of_receipt
from adapter.consent.decide import DENIED, Decision, decide
from adapter.consent.facts import Facts, facts_from
from adapter.consent.groups import Holder
from adapter.consent.inquiry import trace
from adapter.consent.reasons import grounds
from adapter.consent.rules import Finding, Label
from tests.adapter.consent.any_facts import IDS, flags, group, items, put, requests
from tests.adapter.consent.given import ACCESS, OF_EVERY_BASIS, Request, policy

BASES = (*dict.fromkeys(basis for basis, _, _ in CHOICES), DECEDENT_50)
MANY = settings(max_examples=120, deadline=None)


def _decided(request: Request) -> Decision:
    return decide(facts_from(request), policy())


def _found(request: Request) -> dict[str | None, list[Finding]]:
    """Item (None: the request) -> what was found of it, before anything is combined."""
    found: dict[str | None, list[Finding]] = {}
    for rule, finding in trace(facts_from(request), policy()):
        if rule.request is not None or finding.item is not None:
            found.setdefault(finding.item, []).append(finding)
    return found


@MANY
@given(requests())
def test_released_and_withheld_are_what_was_requested(request: Request) -> None:
    decision = _decided(request)
    asked = [item["id"] for item in request.get("materials", [])]
    parts = Counter([*decision.released, *decision.excluded, *decision.duplicates])
    assert parts <= Counter(asked)
    assert parts == Counter(asked) or not decision.released
    assert decision.released == () or decision.permits


@MANY
@given(requests(), st.integers(0, 3))
def test_an_items_own_outcome_does_not_hang_on_the_others(request: Request, number: int) -> None:
    asked = request["materials"]
    assume(len(asked) > number and len(asked) > 1)
    gone = asked[number]["id"]
    assume(
        all(
            gone not in item.get("scan_of", ()) and item["id"] not in asked[number].get("scan_of", ()) for item in asked
        )
    )
    before = _found(request)
    after = _found(request | {"materials": [item for item in asked if item["id"] != gone]})
    for item in asked:
        assert item["id"] == gone or before.get(item["id"]) == after.get(item["id"])
    assert before.get(None) == after.get(None) or "fees" in request


OPEN: tuple[Request, ...] = (
    {"identity_verified": None},
    {"authority_verified": None},
    {"delivery": "unencrypted_email", "risk_warning_given": None},
    {"form_requested": "martian", "form_agreed": None},
    {"determinations": [{"ground": "martian"}]},
    {"purpose": "martian"},
    {"directive": None},
    {"representative": None},
)
"""Facts that leave a question open."""


@MANY
@given(requests(), st.sampled_from(OPEN))
def test_an_open_question_never_moves_a_deadline(request: Request, change: Request) -> None:
    before = _decided(request)
    assume(before.deadline is not None)
    after = _decided(request | change)
    assert after.deadline == before.deadline


@MANY
@given(requests())
def test_the_deadline_is_at_most_60_days_from_receipt(request: Request) -> None:
    told: Request = request | {"pathway": "access"}
    facts = facts_from(told)
    day0, deadline = day_of_receipt(facts, policy()), decide(facts, policy()).deadline
    assume(deadline is not None and day0 is not None)
    assert day0 is not None
    assert deadline is not None
    assert dt.timedelta(days=30) <= dt.date.fromisoformat(deadline) - day0 <= dt.timedelta(days=60)


HARM = st.fixed_dictionaries(
    {
        "ground": st.sampled_from(["endanger_life_or_safety", "substantial_harm_to_referenced_person"]),
        "by_licensed_professional": st.sampled_from([True, True, False]),
        "professional": st.just("dr-a"),
        "applies_to": st.lists(st.sampled_from(IDS), max_size=2, unique=True),
    }
)


@st.composite
def denials(draw: st.DrawFn) -> Request:
    """A patient's request, of which some is likely to be denied."""
    request = ACCESS | {"materials": draw(items()), "determinations": draw(st.lists(HARM, max_size=2))}
    review = draw(st.sampled_from([None, {"requested": True, "official": "dr-b", "decision": "uphold"}]))
    return request | {"review": review, "holder": draw(group(Holder))}


@MANY
@given(denials())
def test_every_denial_has_what_its_notice_must_say(request: Request) -> None:
    decision = _decided(request)
    assume(decision.outcome != "pend")
    labels = {key: {f.label for f in found if f.effect == "exclude"} for key, found in _found(request).items()}
    denied = {key for key in decision.excluded if labels.get(key, set()) & DENIED} | {
        key for key in decision.excluded if _repeats_denied(request, key, labels)
    }
    reviewable = any("deny_reviewable" in labels.get(key, set()) for key in denied)
    why = {reason.item for reason in decision.reasons if reason.ground.role == "exclusion" and reason.citation}
    assert ("denial_notice" in decision.produce) == bool(denied)
    assert denied <= why
    assert not reviewable or set(decision.produce) & {"review_rights", "review_result_notice"}
    assert decision.outcome != "deny_reviewable" or reviewable
    assert ("item_list" in decision.produce) >= (bool(denied) and decision.permits)
    assert decision.deadline == "2026-04-01"


def _repeats_denied(request: Request, key: str, labels: dict[str | None, set[Label]]) -> bool:
    """Whether an item is the copy of one that is denied, or denied as such a copy's original."""
    pairs = {(item["id"], item.get("duplicate_of")) for item in request["materials"]}
    near = {one for pair in pairs if key in pair for one in pair if one is not None}
    return any(labels.get(one, set()) & DENIED for one in near)


@MANY
@given(requests(), st.data())
def test_an_unknown_flag_gives_no_more_than_one_of_its_two_answers(request: Request, data: st.DataObject) -> None:
    paths = list(flags(request))
    assume(paths)
    path = data.draw(st.sampled_from(paths))
    unknown, yes, no = (_decided(put(request, path, value)) for value in (None, True, False))
    assert set(unknown.released) <= set(yes.released) | set(no.released)


@MANY
@given(requests())
def test_an_item_of_which_nothing_is_known_never_turns_a_pend_into_a_permit(request: Request) -> None:
    assume(request["pathway"] != "use")  # nothing leaves
    before = _decided(request)
    after = _decided(request | {"materials": [*request["materials"], {"id": "unknown"}]})
    assert (before.outcome, after.permits) != ("pend", True)
    # what is to be amended is said of the request, so each item has its own answer; and nothing leaves
    assert before.permits or not after.permits or request["pathway"] == "amendment"
    assert set(after.released) <= set(before.released)


@MANY
@given(requests(), st.data())
def test_saying_that_a_fact_is_unknown_is_saying_nothing(request: Request, data: st.DataObject) -> None:
    free = sorted(name for name, default in _optional().items() if default is None and name not in request)
    name = data.draw(st.sampled_from(free))
    assert _decided(request | {name: None}) == _decided(request)


def _optional() -> dict[str, Any]:
    return dict(zip(Facts.__struct_fields__, Facts.__struct_defaults__, strict=True))


FOR_ITSELF = ("originator_treatment", "legal_defense")
"""With training, the uses of 45 CFR 164.508(a)(2)(i), which need no paper."""
OWN_PAPERS = {
    "psychotherapy_notes": ("psychotherapy_authorization",),
    "sud_counseling_notes": ("counseling_notes_consent",),
}


@settings(max_examples=200, deadline=None)
@given(requests())
def test_psychotherapy_and_counseling_notes_never_leave_without_their_own_paper(request: Request) -> None:
    decision = _decided(request)
    assume(request["pathway"] != "use" or request.get("own_use") not in ("training", *FOR_ITSELF))
    for item in request["materials"]:
        strict = {item.get("kind"), *item.get("also", ())} & OWN_PAPERS.keys()
        for paper in (name for kind in strict for name in OWN_PAPERS[kind]):
            assert item["id"] not in decision.released or _stands(request.get(paper))


@settings(max_examples=200, deadline=None)
@given(requests())
def test_part_2_records_never_leave_without_a_reason_of_part_2(request: Request) -> None:
    assume(request["pathway"] != "use")  # nothing leaves
    decision = _decided(request)
    for item in request["materials"]:
        of_part2 = item.get("part2") is True or "sud_program_record" in {item.get("kind"), *item.get("also", ())}
        said = {reason.code for reason in decision.reasons if reason.item == item["id"]}
        assert not of_part2 or item["id"] not in decision.released or said & PART2_OPENS.keys()
        papers = [PART2_OPENS[code] for code in sorted(said & PART2_OPENS.keys())]
        assert item["id"] not in decision.released or all(_any_holds(request, item, paper) for paper in papers)


PART2_OPENS: dict[str, str] = {
    "PART2_CONSENT_OK": "consent",
    "PART2_PATIENT_ACCESS": "own",
    "PART2_REDISCLOSURE_HIPAA": "received",
    "PART2_COURT_ORDER": "order",
}


def _any_holds(request: Request, item: Request, paper: str) -> bool:
    """Whether the fact that opens a record is there."""
    consents = [request.get(n) for n in ("part2_consent", "counseling_notes_consent", "proceedings_consent")]
    holds: dict[str, bool] = {
        "consent": any(_stands(consent) for consent in consents),
        "own": request.get("requester") == request.get("recipient") == "patient",
        "received": item.get("received_under") == "tpo_single_consent",
        "order": (request.get("court_order") or {}).get("under_part2") is True,
    }
    return holds[paper]


def _stands(paper: Request | None) -> bool:
    """Whether a paper is there, signed, and not known to be revoked or false."""
    held = paper or {}
    dead = held.get("revoked") or held.get("revoked_on") or held.get("revoked_in_writing_on") or held.get("known_false")
    return held.get("signed") is True and held.get("signed_on") is not None and not dead


@MANY
@given(requests())
def test_every_reason_is_in_the_table_and_every_release_has_its_basis(request: Request) -> None:
    decision = _decided(request)
    assert {reason.code for reason in decision.reasons} <= grounds().keys()
    assert {reason.item for reason in decision.basis} == set(decision.released)


def test_the_generator_reaches_every_outcome() -> None:
    """The laws would hold of nothing if nothing were released, denied or left open."""
    seen: Counter[str] = Counter()

    @settings(max_examples=700, deadline=None, derandomize=True, database=None)
    @given(st.one_of(requests(), denials()))
    def look(request: Request) -> None:
        seen[_decided(request).outcome] += 1

    look()
    outcomes = {"permit", "permit_with_exclusions", "pend", "deny_reviewable", "deny_unreviewable"}
    assert outcomes | {"deny_not_permitted", "not_held"} <= seen.keys()
    assert seen["permit"] + seen["permit_with_exclusions"] > 40


@pytest.mark.parametrize("name", [basis.name for basis in BASES])
def test_every_basis_has_a_request_that_stands_on_it_and_is_permitted(name: str) -> None:
    request = OF_EVERY_BASIS[name]
    facts = facts_from(request)
    assert basis_for(facts, policy(), day_of_decision(facts, policy())).name == name
    assert _decided(request).permits


def test_the_generator_stands_on_every_basis() -> None:
    seen: set[str] = set()

    @settings(max_examples=900, deadline=None, derandomize=True, database=None)
    @given(requests())
    def look(request: Request) -> None:
        facts = facts_from(request)
        seen.add(basis_for(facts, policy(), day_of_decision(facts, policy())).name)

    look()
    assert seen >= OF_EVERY_BASIS.keys()


CLOSED: dict[str, Any] = {
    "pathway": "martian",
    "requester": "martian",
    "recipient": "martian",
    "purpose": "martian",
    "own_use": "martian",
    "representative": {"type": "martian"},
    "minor": {"state_law": "martian"},
    "determinations": [{"ground": "martian"}],
    "representations": {"review": "martian"},
    "review": {"decision": "martian"},
    "carried_consents": [{"says": "martian"}],
    "extension_notices": [{}],
    "restrictions": [{}],
    "court_order": {"subpoena": True},
}
"""Facts whose words the rules do not know, or that say nothing."""


@settings(max_examples=300, deadline=None)
@given(requests(), st.sampled_from(sorted(CLOSED)))
def test_a_fact_that_no_rule_knows_never_turns_a_pend_into_a_permit(request: Request, name: str) -> None:
    assume(name not in request)
    before, after = _decided(request), _decided(request | {name: CLOSED[name]})
    assert set(after.released) <= set(before.released)
    assert before.permits or not after.permits


@settings(max_examples=200, deadline=None)
@given(requests(), st.sampled_from(["part2_consent", "directive", "authorization", "psychotherapy_authorization"]))
def test_a_papers_document_never_vouches_for_itself(request: Request, paper: str) -> None:
    form = {"id": "form", "kind": "consent_form", "in_drs": True, "maintained_in": "ehr", "document_of": [paper]}
    decision = _decided(request | {"materials": [*request.get("materials", []), form]})
    own = request.get("requester") == "patient"
    if_alone = set(decision.released) == {"form"}
    assert not if_alone or own or request.get("pathway") == "use"
    assert "form" not in decision.released or own or paper in decision.papers or request.get("pathway") == "use"


@MANY
@given(requests())
def test_the_papers_that_go_are_papers_of_the_request(request: Request) -> None:
    decision = _decided(request)
    assert set(decision.papers) <= {name for name, held in request.items() if held}
    assert decision.papers == () or decision.permits


@settings(max_examples=150, deadline=None)
@given(requests())
def test_nothing_is_let_go_by_what_lies_beside_it(request: Request) -> None:
    """What goes beside other items goes alone too: an item, but for a paper's document, hangs on no other one."""
    whole = _decided(request)
    for item in request["materials"]:
        assume(not item.get("document_of"))
        alone = _decided(request | {"materials": [item]})
        assert item["id"] not in whole.released or item["id"] in alone.released
