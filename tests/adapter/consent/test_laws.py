"""What holds for every request, whatever its facts."""

import datetime as dt
from typing import Any

from hypothesis import assume, given, settings
from hypothesis import strategies as st

from adapter.consent.clock import local_date
from adapter.consent.decide import Decision, decide
from adapter.consent.facts import facts_from
from adapter.consent.law import kinds
from adapter.consent.words import PURPOSES, REQUESTERS
from tests.adapter.consent.given import (
    ACCESS,
    AUTHORIZED,
    CONSENT,
    DIRECTIVE,
    PAYMENT,
    RESEARCH,
    TPO_CONSENT,
    TREATMENT,
    Request,
    policy,
    without,
)

FLAG = st.sampled_from([True, True, False, None])
RARE = st.sampled_from([None, None, None, True, False])
KINDS = st.sampled_from(["pathology_report"] * 6 + [*kinds(), "martian"])
LOAN = {"agreement": True, "custodian": "Path", "return_by": "2026-06-01"}

SUPPORTING = (
    ("identity_verified",),
    ("authority_verified",),
    ("recipient_is_provider",),
    ("purpose",),
    ("requester",),
    ("recipient",),
    ("pathway",),
    ("request_form",),
    ("received_at",),
    ("directive",),
    ("directive", "written"),
    ("directive", "signed"),
    ("directive", "designee"),
    ("directive", "address"),
    ("authorization",),
    *(("authorization", name) for name in CONSENT),
    ("psychotherapy_authorization",),
    *(("psychotherapy_authorization", name) for name in CONSENT),
    ("part2_consent",),
    *(("part2_consent", name) for name in TPO_CONSENT),
    ("irb_waiver",),
    ("loan",),
    ("loan", "agreement"),
    ("loan", "custodian"),
    ("loan", "return_by"),
    ("holder", "part2_program"),
    ("holder", "covered_entity"),
)
"""Facts that help a request; without one of them it may only come out worse."""


@st.composite
def materials(draw: st.DrawFn) -> list[Request]:
    """Items of any kind and state; some repeat others."""
    count = draw(st.integers(1, 4))
    made = []
    for number in range(count):
        item: Request = {"id": f"m{number}", "kind": draw(KINDS)}
        item |= {"in_drs": draw(FLAG), "held": draw(st.sampled_from([True, True, True, False]))}
        item["maintained_in"] = draw(st.sampled_from(["ehr", "ehr", "other_electronic", "paper", "physical", None]))
        for fact in ("part2", "completed", "names_other_person", "privacy_act_denial_ok", "statement_of_disagreement"):
            item[fact] = draw(RARE)
        item["data_class"] = draw(st.sampled_from([None, None, "hiv", "genetic"]))
        item["received_under"] = draw(st.sampled_from([None, None, "tpo_single_consent"]))
        made.append(item)
    return made


def _partly(draw: st.DrawFn, whole: Request) -> Request | None:
    """A document as it should be, sometimes with one element missing or false, sometimes not there."""
    shape = draw(st.sampled_from(["whole", "whole", "lacking", "false", "absent"]))
    name = draw(st.sampled_from(sorted(whole)))
    if shape == "absent":
        return None
    if shape == "lacking":
        return without(whole, name)
    return whole | ({name: False} if shape == "false" and whole[name] is True else {})


@st.composite
def requests(draw: st.DrawFn) -> Request:
    """Requests around those that are permitted: words, verification, documents and items vary."""
    request: Request = dict(draw(st.sampled_from([ACCESS, DIRECTIVE, TREATMENT, AUTHORIZED, PAYMENT, RESEARCH])))
    word = st.sampled_from(["martian", *sorted(REQUESTERS)])
    if draw(st.integers(0, 4)) == 0:
        request["requester"] = draw(word)
    if draw(st.integers(0, 4)) == 0:
        request["recipient"] = draw(word)
    if draw(st.integers(0, 4)) == 0:
        request["purpose"] = draw(st.sampled_from(["martian", *sorted(PURPOSES)]))
    for fact in ("identity_verified", "authority_verified", "recipient_is_provider"):
        if draw(st.integers(0, 4)) == 0:
            request[fact] = draw(FLAG)
    request |= {
        "materials": draw(materials()),
        "part2_consent": _partly(draw, TPO_CONSENT),
        "psychotherapy_authorization": _partly(draw, CONSENT),
        "loan": _partly(draw, LOAN),
        "holder": {"part2_program": draw(RARE), "covered_entity": draw(RARE), "clia_laboratory": draw(RARE)},
        "emergency": draw(RARE),
        "written_required": draw(RARE),
        "informed_of_written_rule": draw(RARE),
        "restrictions": draw(st.lists(st.fixed_dictionaries({"agreed": RARE, "applies_to": IDS}), max_size=1)),
        "state_rules": draw(st.sampled_from([{}, {"hiv": {"on_file": False}}])),
        "determinations": draw(st.lists(DETERMINATION, max_size=1)),
    }
    return request


IDS = st.lists(st.sampled_from(["m0", "m1", "m2"]), min_size=1, max_size=2, unique=True)
DETERMINATION = st.fixed_dictionaries(
    {
        "ground": st.sampled_from(["endanger_life_or_safety", "emotional_distress", "martian"]),
        "by_licensed_professional": FLAG,
        "applies_to": IDS,
    }
)


def _decided(request: Request) -> Decision:
    return decide(facts_from(request), policy())


@given(requests())
def test_released_and_excluded_are_what_was_asked(request: Request) -> None:
    decision = _decided(request)
    asked = [item["id"] for item in request["materials"]]
    both = [*decision.released, *decision.excluded, *decision.duplicates]
    assert len(both) == len(set(both))
    assert set(both) <= set(asked)
    assert (sorted(both) == sorted(asked)) >= decision.permits
    assert decision.permits == bool(decision.released)
    assert list(decision.excluded) == [key for key in asked if key in decision.excluded]


@given(requests(), st.data())
def test_taking_an_item_away_changes_no_other_items_fate(request: Request, data: st.DataObject) -> None:
    items = request["materials"]
    assume(len(items) > 1)
    gone = data.draw(st.sampled_from(items))["id"]
    before = _decided(request)
    after = _decided(request | {"materials": [item for item in items if item["id"] != gone]})
    assert set(after.released).isdisjoint(before.excluded)
    assert not after.permits or set(before.released) - {gone} <= set(after.released)


@given(requests(), st.sampled_from(SUPPORTING))
@settings(max_examples=400)
def test_not_knowing_never_helps(request: Request, path: tuple[str, ...]) -> None:
    assume(_there(request, path))
    before, after = _decided(request), _decided(without(request, *path))
    assert set(after.released) <= set(before.released)


def _there(request: Any, path: tuple[str, ...]) -> bool:
    for name in path:
        if not isinstance(request, dict) or request.get(name) is None:
            return False
        request = request[name]
    return request is not False


@given(requests())
@settings(max_examples=300)
def test_psychotherapy_and_part_2_go_under_their_own_consent_only(request: Request) -> None:
    decision = _decided(request)
    kind = {item["id"]: item["kind"] for item in request["materials"]}
    by_part2 = {item["id"] for item in request["materials"] if item["part2"] or item["kind"] == "sud_program_record"}
    out = {key for key in decision.released if kind[key] == "psychotherapy_notes"}
    own = request["psychotherapy_authorization"] == CONSENT
    assert not out or own
    said = {reason.item for reason in decision.reasons if reason.code in PART2_OPEN}
    assert by_part2 & set(decision.released) <= said
    assert "sud_counseling_notes" not in {kind[key] for key in decision.released}


PART2_OPEN = {"PART2_CONSENT_OK", "PART2_PATIENT_ACCESS", "PART2_REDISCLOSURE_HIPAA"}
DAYS = st.dates(dt.date(2024, 1, 1), dt.date(2030, 1, 1))
NOTICES = st.lists(
    st.fixed_dictionaries(
        {
            "sent_on": DAYS.map(str),
            "written": FLAG,
            "reasons": st.sampled_from(["scanning", "", None]),
            "promised_date": DAYS.map(str),
        }
    ),
    max_size=3,
)


@given(DAYS, NOTICES, st.booleans())
def test_the_deadline_lies_between_day_30_and_day_60_whatever_is_promised(
    received: dt.date, notices: list[Request], verified: bool
) -> None:
    request = ACCESS | {"received_at": str(received), "extension_notices": notices}
    decision = _decided(request | {"identity_verified": verified})
    assert decision.deadline is not None
    last = dt.date.fromisoformat(decision.deadline)
    assert received + dt.timedelta(days=30) <= last <= received + dt.timedelta(days=60)
    assert _decided(request | {"identity_verified": None}).deadline == decision.deadline


@given(st.datetimes(timezones=st.timezones(), min_value=dt.datetime(2000, 1, 1), max_value=dt.datetime(2040, 1, 1)))
def test_the_local_day_is_within_a_day_of_the_moment(moment: dt.datetime) -> None:
    day = local_date(moment.isoformat(), "Pacific/Kiritimati", policy())
    assert day is not None
    assert abs((day - moment.astimezone(dt.UTC).date()).days) <= 1


@given(requests())
def test_the_same_facts_give_the_same_decision_and_every_reason_has_words(request: Request) -> None:
    decision = _decided(request)
    assert decision == _decided(request)
    assert len(set(decision.reasons)) == len(decision.reasons)
    assert all(reason.sentence and reason.next_step and reason.citation for reason in decision.reasons)
