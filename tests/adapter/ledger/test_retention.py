"""Six years from when a row was made or last in effect (45 CFR 164.530(j)(2)); an archive leaves its mark."""

import datetime as dt
import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest

from adapter.consent.policy import policy_for
from adapter.ledger.accounting import accounting, six_years
from adapter.ledger.retention import Past, archive, check_archive, past_term
from adapter.ledger.shipment import about_to_go
from adapter.ledger.store import Entry, Ledger
from mappings.problems import ProblemError
from tests.adapter.ledger.given import (
    AT,
    LATER,
    NUMBER,
    SYSTEM,
    change,
    disclosure,
    entry,
    fill,
    go,
    know,
    notice,
    reported,
    research,
    shipment,
    suspension,
)  # fmt: skip
from tests.adapter.ledger.killing import killed_at
from tests.adapter.ledger.test_chain import look, places
from tests.adapter.ledger.test_killed import points

OLD, END = "2019-05-01T10:00:00-04:00", "2026-04-01T10:00:00-04:00"
POLICY = policy_for(dt.date(2026, 4, 1))


def filled(url: str) -> str:
    """A request that is past its term, one that is not, disclosures and a suspension told by hand; the head."""
    ledger = Ledger(url, at=OLD)
    first = entry("case-1", "MRN-0001", at=OLD, received_at=OLD, deadline="2019-05-31")
    go(ledger, first, "1" * 64)
    ledger.noticed(notice("acknowledgement", "2019-05-02", first) | {"promised_on": None})
    go(ledger, entry("case-2", "MRN-0002"), "2" * 64)
    ledger.reported(reported("2019-01-01", reported_at=OLD))
    ledger.suspended(suspension("2025-12-31", recorded_at=OLD, stated_on="2019-05-01"))
    ledger.close()
    return look(url).head


def listed(url: str, day: dt.date = dt.date(2026, 4, 1)) -> tuple[Past, ...]:
    ledger = Ledger(url)
    try:
        return past_term(ledger, POLICY, day)
    finally:
        ledger.close()


def archived(url: str, target: Path, at: str = END) -> int:
    ledger = Ledger(url, at=at)
    try:
        return archive(ledger, POLICY, at, target)
    finally:
        ledger.close()


def test_what_belongs_together_is_kept_from_the_last_day_of_any_of_it(url: str) -> None:
    filled(url)
    assert [(one.case, one.last, one.kept_until, len(one.rows)) for one in listed(url)] == [
        (None, "2019-05-01", "2025-05-01", 1),
        ("case-1", "2019-05-31", "2025-05-31", 6),
    ]
    assert [one.case for one in listed(url, dt.date(2025, 5, 31))] == [None]
    assert len(listed(url, dt.date(2032, 1, 1))) == 3, "the suspension held until 2025-12-31"
    assert look(url).problems == ()


def test_a_request_that_is_still_in_effect_keeps_all_of_it(url: str) -> None:
    filled(url)
    ledger = Ledger(url, at=LATER)
    ledger.decided(entry("case-1", "MRN-0001", at=LATER, received_at=OLD))
    ledger.close()
    assert [one.case for one in listed(url)] == [None]


def test_what_went_twice_is_kept_while_one_of_the_requests_is(url: str) -> None:
    filled(url)
    ledger = Ledger(url, at=LATER)
    go(ledger, entry("case-3", "MRN-0003", at=LATER), "1" * 64)
    ledger.close()
    assert [one.case for one in listed(url)] == [None]


def asked(url: str, pathway: str, **told: Any) -> Entry:
    """A request that nobody answered, of another patient than that of the disclosures told by hand."""
    made = entry("owed", "MRN-0009", pathway=pathway, outcome="pend", deadline=None, **told)
    ledger = Ledger(url, at=LATER)
    ledger.decided(made)
    ledger.close()
    return made


def told_by_hand(url: str, *days: str) -> None:
    ledger = Ledger(url, at=OLD)
    for day in days:
        ledger.reported(reported(day, reported_at=day))
    ledger.close()


@pytest.mark.parametrize("pathway", ["access", "amendment", "accounting"])
def test_a_request_that_nobody_answered_is_never_past_its_term(pathway: str, url: str, tmp_path: Path) -> None:
    made = asked(url, pathway, at=OLD, received_at=OLD)
    assert listed(url, dt.date(2040, 1, 1)) == ()
    assert archived(url, tmp_path / "a.ndjson", "2040-01-01T10:00:00-04:00") == 0
    ledger = Ledger(url, at=LATER)
    for kind in ("denial", "accounting", "amendment-denial"):
        ledger.noticed(notice(kind, OLD, made) | {"promised_on": None})
    day = "2019-05-03T10:00:00-04:00"
    ledger.decided(entry("owed", "MRN-0009", at=day, pathway=pathway, received_at=OLD, outcome="deny", deadline=None))
    ledger.close()
    assert [one.case for one in listed(url, dt.date(2040, 1, 1))] == ["owed"], "once it is answered, it is"


def test_an_open_accounting_keeps_six_years_before_it_was_received(url: str, tmp_path: Path) -> None:
    told_by_hand(url, "2020-11-09", "2020-11-10", "2020-11-30")
    made = asked(url, "accounting", received_at="2026-11-11T03:00:00+00:00")  # in New York, the 10th
    day = dt.date(2026, 12, 5)
    assert [one.last for one in listed(url, day)] == ["2020-11-09"]
    assert archived(url, tmp_path / "a.ndjson", "2026-12-05T10:00:00-05:00") == 1
    ledger = Ledger(url, at=LATER)
    span = (six_years(dt.date(2026, 11, 10), POLICY), dt.date(2026, 11, 10))
    lines = accounting(ledger, (SYSTEM, NUMBER), span, POLICY).lines
    ledger.noticed(notice("accounting", "2026-12-05T10:00:00-05:00", made) | {"promised_on": None})
    ledger.close()
    assert [line.date for line in lines] == ["2020-11-10", "2020-11-30"]
    assert [one.last for one in listed(url, day)] == ["2020-11-10", "2020-11-30"], "given, it keeps nothing"


@pytest.mark.parametrize(
    ("received", "zone", "kept"),
    [
        (None, "America/New_York", []),
        ("2026-11-11T03:00:00+00:00", None, ["2020-11-09"]),
        ("2028-02-29", "America/New_York", ["2020-11-09", "2020-11-10", "2022-02-27"]),
    ],
)
def test_what_an_open_accounting_may_cover_stays(received: str | None, zone: str | None, kept: list[str],
                                                 url: str) -> None:  # fmt: skip
    told_by_hand(url, "2020-11-09", "2020-11-10", "2022-02-27", "2022-03-01")
    asked(url, "accounting", received_at=received, holder_tz=zone)
    assert [one.last for one in listed(url, dt.date(2030, 1, 1))] == kept


def test_an_archive_takes_the_rows_and_the_chain_still_verifies(url: str, tmp_path: Path) -> None:
    head = filled(url)
    before = look(url).rows
    assert archived(url, tmp_path / "a.ndjson") == 7
    found = look(url, head)
    assert (found.problems, found.archived) == ((), 7)
    gone = {
        "request": 1,
        "subject": 1,
        "decision": 1,
        "release": 1,
        "disclosure": 1,
        "notice": 1,
        "reported_disclosure": 1,
    }
    assert found.rows == {name: count - gone.get(name, 0) for name, count in before.items()} | {"checkpoint": 1}
    assert listed(url) == ()
    ledger = Ledger(url)
    assert check_archive(ledger, (tmp_path / "a.ndjson").read_bytes()) == ()
    ledger.close()
    rows = [json.loads(line) for line in (tmp_path / "a.ndjson").read_text(encoding="utf-8").splitlines()]
    assert [row["table"] for row in rows][-1] == "reported_disclosure"
    assert (tmp_path / "a.ndjson").stat().st_mode & 0o777 == 0o600


def test_an_archive_that_is_changed_is_none(url: str, tmp_path: Path) -> None:
    filled(url)
    archived(url, tmp_path / "a.ndjson")
    ledger = Ledger(url)
    data = (tmp_path / "a.ndjson").read_bytes()
    [told] = check_archive(ledger, data.replace(b"Test Agency", b"Best Agency"))
    ledger.close()
    assert (told.where, told.rule, "Agency" in told.message) == ("--archive", "ledger.archive", False)


@pytest.mark.parametrize(
    ("statement", "place"),
    [
        ("DELETE FROM archived WHERE number = 1", "row 1"),
        ("UPDATE archived SET hash = 'x' WHERE number = 2", "checkpoint 15"),
        ("UPDATE checkpoint SET rows_sha256 = 'x'", "checkpoint 15"),
        ("UPDATE checkpoint SET archive_sha256 = 'x'", "checkpoint 15"),
    ],
)
def test_what_is_changed_of_the_marks_shows(statement: str, place: str, url: str, tmp_path: Path) -> None:
    filled(url)
    archived(url, tmp_path / "a.ndjson")
    change(url, statement)
    assert place in places(url)


def test_a_row_that_is_removed_as_if_it_were_archived_shows(url: str, tmp_path: Path) -> None:
    filled(url)
    archived(url, tmp_path / "a.ndjson")
    row = "SELECT number, hash, (SELECT id FROM checkpoint) FROM suspension"
    change(url, f"INSERT INTO archived (number, hash, checkpoint_id) {row}", "DELETE FROM suspension")
    assert places(url) == ["checkpoint 15"]


def test_nothing_past_its_term_makes_no_file(url: str, tmp_path: Path) -> None:
    head = fill(url)
    assert archived(url, tmp_path / "a.ndjson", AT) == 0
    assert (list(tmp_path.glob("*.ndjson")), look(url).head) == ([], head)


def test_a_file_that_is_another_is_not_written_over_and_nothing_goes(url: str, tmp_path: Path) -> None:
    head = filled(url)
    (tmp_path / "a.ndjson").write_text("mine")
    with pytest.raises(ProblemError, match="is there already and is not this archive"):
        archived(url, tmp_path / "a.ndjson")
    assert ((tmp_path / "a.ndjson").read_text(), look(url).head, look(url).archived) == ("mine", head, 0)


def test_a_folder_that_is_not_there_takes_nothing(url: str, tmp_path: Path) -> None:
    head = filled(url)
    with pytest.raises(ProblemError, match="Nothing was removed"):
        archived(url, tmp_path / "none" / "a.ndjson")
    assert look(url).head == head


def test_an_archive_that_is_killed_loses_no_row(urls: Iterator[str], tmp_path: Path) -> None:
    def work(point: int) -> bool:
        url, target = next(urls), tmp_path / f"{point}.ndjson"
        filled(url)
        died = killed_at(point, lambda: archived(url, target), files=True)
        found = look(url)
        assert found.problems == ()
        assert found.archived == 0 or target.read_bytes().count(b"\n") == 7
        archived(url, target)
        assert (look(url).problems, look(url).archived, target.read_bytes().count(b"\n")) == ((), 7, 7)
        return died

    assert points(work) > 20


def test_archives_at_once_take_every_row_once(url: str, tmp_path: Path) -> None:
    filled(url)
    children = []
    for number in range(3):
        child = os.fork()
        if child == 0:
            try:
                archived(url, tmp_path / f"{number}.ndjson")
            finally:
                os._exit(0)
        children.append(child)
    for child in children:
        os.waitpid(child, 0)
    assert (look(url).problems, look(url).archived, len(list(tmp_path.glob("*.ndjson")))) == ((), 7, 1)


def test_what_was_said_of_a_recipient_is_kept_with_the_disclosure_and_research_by_itself(
    url: str, tmp_path: Path
) -> None:
    ledger = Ledger(url, at=OLD)
    ledger.reported(reported("2019-01-01", reported_at=OLD))
    ledger.suspended(suspension("2019-12-31", recorded_at=OLD, stated_on="2019-05-01"))
    know(ledger, same=False, at="2019-06-01T09:00:00-04:00")
    ledger.researched(research(recorded_at=OLD, days="2019-03-01,2019-04-01", last_on="2019-04-01"))
    go(ledger, entry())
    ledger.close()
    assert [(one.last, len(one.rows)) for one in listed(url)] == [
        ("2019-05-01", 1), ("2019-06-01", 2), ("2019-12-31", 1)
    ]  # fmt: skip
    assert archived(url, tmp_path / "a.ndjson") == 4
    assert (places(url), look(url).archived, look(url).rows["known_recipient"]) == ([], 4, 0)


def test_images_on_their_way_are_kept_with_their_release(url: str, tmp_path: Path) -> None:
    filled(url)
    ledger = Ledger(url, at=OLD)
    key = ledger.rows("release")[0]["id"]
    about_to_go(ledger.engine, key, shipment("1.1", recorded_at=OLD))
    ledger.delivered(key, disclosure(OLD, manifest_sha256="9" * 64), shipment("1.1", recorded_at=OLD))
    ledger.close()
    assert [(one.case, len(one.rows)) for one in listed(url)] == [(None, 1), ("case-1", 9)]
    assert archived(url, tmp_path / "a.ndjson") == 10
    assert (places(url), look(url).rows["shipment"]) == ([], 0)


OTHER = "MRN-0900"


def numbered(ledger: Ledger, case: str, at: str, *numbers: str) -> None:
    """A request of one person that was met, filed under these numbers."""
    made = entry(case, numbers[0], at=at, received_at=at, deadline=at[:10])
    subjects = tuple({**made.subjects[0], "value": number} for number in numbers)
    go(ledger, msgspec.structs.replace(made, subjects=subjects), f"{case:0>64}")


def lines_of(url: str, number: str) -> int:
    ledger = Ledger(url)
    span = (dt.date(2026, 1, 1), dt.date(2026, 4, 1))
    try:
        return len(accounting(ledger, (SYSTEM, number), span, POLICY).lines)
    finally:
        ledger.close()


@pytest.mark.parametrize("stays", ["request", "reported"])
def test_what_alone_ties_two_numbers_of_a_person_stays_with_what_is_filed_under_one(
    stays: str, url: str, tmp_path: Path
) -> None:
    ledger = Ledger(url, at=OLD)
    numbered(ledger, "old", OLD, NUMBER, OTHER)
    if stays == "request":
        numbered(ledger, "new", AT, OTHER)
    else:
        ledger.reported(reported(AT, OTHER, reported_at=AT))
    ledger.close()
    assert lines_of(url, NUMBER) == 1
    assert archived(url, tmp_path / "a.ndjson") == 0
    assert lines_of(url, NUMBER) == 1
    assert [one.case for one in listed(url, dt.date(2040, 1, 1))][:1] == ["old"], "with what needs it, it goes"


def test_of_several_that_tie_the_same_numbers_the_latest_stays(url: str, tmp_path: Path) -> None:
    ledger = Ledger(url, at=OLD)
    numbered(ledger, "oldest", "2018-05-01T10:00:00-04:00", NUMBER, OTHER)
    numbered(ledger, "old", OLD, NUMBER, OTHER)
    numbered(ledger, "new", AT, OTHER)
    ledger.close()
    assert [one.case for one in listed(url)] == ["oldest"]
    assert archived(url, tmp_path / "a.ndjson") == 6
    assert lines_of(url, NUMBER) == 1


def test_what_ties_numbers_that_are_tied_by_what_stays_goes(url: str) -> None:
    ledger = Ledger(url, at=OLD)
    numbered(ledger, "old", OLD, NUMBER, OTHER)
    numbered(ledger, "new", AT, NUMBER, OTHER)
    ledger.close()
    assert [one.case for one in listed(url)] == ["old"]


def test_numbers_are_tied_over_several_requests(url: str) -> None:
    ledger = Ledger(url, at=OLD)
    numbered(ledger, "first", "2018-05-01T10:00:00-04:00", NUMBER, OTHER)
    numbered(ledger, "second", OLD, OTHER, "MRN-0901")
    numbered(ledger, "apart", OLD, "MRN-0800", "MRN-0801")
    numbered(ledger, "new", AT, "MRN-0901")
    ledger.close()
    assert [one.case for one in listed(url)] == ["apart"]
    assert lines_of(url, NUMBER) == 1
