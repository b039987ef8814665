"""An event is appended to case.json: once, in one step, and with every other byte as it was."""

import fcntl
import json
import os
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from adapter.custody.record import append, insert
from mappings.domain.material import CustodyEvent
from mappings.domain.native import read_case
from mappings.domain.values import Moment
from mappings.problems import ProblemError
from tests.adapter.custody.given import a_custody_event, event, policy, told

OUT = event("shipped", "slide", by="lab", to="center", tracking="T-1")
NOW = Moment("2099-12-31T12:00:00+00:00")
IN: dict[str, Any] = {"at": "2026-03-03T10:00:00-05:00", "by": "center"}


def folder(tmp_path: Path, text: str | None = None, **changes: Any) -> Path:
    (tmp_path / "case.json").write_text(text or json.dumps(told(**changes), indent=2), encoding="utf-8")
    return tmp_path


def recorded(place: Path) -> list[str]:
    return [one.id for one in read_case((place / "case.json").read_bytes()).custody]


def test_an_event_is_appended_and_nothing_else_changes(tmp_path: Path) -> None:
    place = folder(tmp_path, custody=[OUT])
    before = (place / "case.json").read_text()
    done = append(place, (a_custody_event("received", "slide", **IN),), policy(), NOW)
    after = (place / "case.json").read_text()
    assert (done.added, done.known) == (("received-slide",), ())
    assert recorded(place) == ["shipped-slide", "received-slide"]
    start = next(n for n, (a, b) in enumerate(zip(before, after, strict=False)) if a != b)
    added = len(after) - len(before)
    assert after[:start] + after[start + added :] == before
    assert sorted(path.name for path in place.iterdir()) == ["case.json", "custody.seal"]


def test_the_same_event_is_recorded_once(tmp_path: Path) -> None:
    place = folder(tmp_path, custody=[OUT])
    one = a_custody_event("received", "slide", **IN)
    append(place, (one,), policy(), NOW)
    data = (place / "case.json").read_bytes()
    again = append(place, (one,), policy(), NOW)
    assert (again.added, again.known) == ((), ("received-slide",))
    other_name = CustodyEvent(**{**{f: getattr(one, f) for f in one.__struct_fields__}, "id": "custody-9"})
    assert append(place, (other_name,), policy(), NOW).known == ("received-slide",)
    assert append(place, (other_name, one), policy(), NOW).added == ()
    assert (place / "case.json").read_bytes() == data


@pytest.mark.parametrize(
    ("kind", "more", "rule"),
    [
        ("shipped", {"id": "x", "at": "2026-03-04", "by": "lab", "to": "center"}, "custody.two-places"),
        ("received", {"at": "2026-02-01", "by": "center"}, "custody.order"),
        ("received", {"at": "2100-01-02", "by": "center"}, "custody.future"),
        ("received", {"at": "2026-03-04", "by": "center", "due_back": "2026-03-03"}, "custody.due"),
        ("received", {"at": "2026-03-04", "by": "nobody"}, "case.format"),
        ("discarded", {"at": "2026-03-04"}, "custody.two-places"),
    ],
)
def test_what_cannot_have_happened_is_not_recorded(tmp_path: Path, kind: str, more: dict[str, Any], rule: str) -> None:
    place = folder(tmp_path, custody=[{**OUT, "items": ["slide", "last"]}])
    before = (place / "case.json").read_bytes()
    with pytest.raises(ProblemError) as refused:
        append(
            place, (a_custody_event("received", "last", **IN), a_custody_event(kind, "slide", **more)), policy(), NOW
        )
    assert rule in {found.rule for found in refused.value.problems}
    assert (place / "case.json").read_bytes() == before


def test_what_was_recorded_ahead_of_its_time_before_is_named_where_it_bars_what_is_true(tmp_path: Path) -> None:
    place = folder(tmp_path, custody=[{**OUT, "at": "2030-01-01"}])
    with pytest.raises(ProblemError) as refused:
        append(place, (a_custody_event("received", "slide", **IN),), policy(), Moment("2026-03-04T00:00:00Z"))
    assert [(one.where, one.rule) for one in refused.value.problems] == [("event 1 $.at", "custody.order")]
    assert "`shipped-slide` (shipped)" in str(refused.value)
    assert "mend it in case.json" in str(refused.value)


def test_what_is_recorded_already_is_not_judged_by_its_time_again(tmp_path: Path) -> None:
    ahead = a_custody_event("shipped", "slide", by="lab", to="center", tracking="T-1", at="2030-01-01")
    place = folder(tmp_path, custody=[{**OUT, "at": "2030-01-01"}])
    assert append(place, (ahead,), policy(), Moment("2026-03-04T00:00:00Z")).known == ("shipped-slide",)


def test_the_record_is_append_only(tmp_path: Path) -> None:
    place = folder(tmp_path, custody=[OUT])
    with pytest.raises(ProblemError, match="append-only, and is corrected by a further event"):
        append(place, (a_custody_event("shipped", "slide", by="lab", to="center", tracking="T-2"),), policy(), NOW)
    with pytest.raises(ProblemError, match="is that of another thing"):
        append(place, (CustodyEvent(**{**_fields("received"), "id": "slide"}),), policy(), NOW)
    assert recorded(place) == ["shipped-slide"]


def _fields(kind: str) -> dict[str, Any]:
    one = a_custody_event(kind, "slide", **IN)
    return {field: getattr(one, field) for field in one.__struct_fields__}


def test_what_was_wrong_before_is_not_held_against_a_new_event(tmp_path: Path) -> None:
    place = folder(tmp_path, custody=[OUT, {**OUT, "id": "again", "at": "2026-03-02"}])
    assert append(place, (a_custody_event("received", "slide", **IN),), policy(), NOW).problems == ()


def test_an_original_is_not_discarded_within_its_retention(tmp_path: Path) -> None:
    place = folder(tmp_path)
    gone = a_custody_event("discarded", "slide", at="2026-03-04")
    with pytest.raises(ProblemError, match="lies within its retention period") as refused:
        append(place, (gone,), policy(), NOW)
    assert [found.rule for found in refused.value.problems] == ["custody.retention"]
    assert recorded(place) == []
    done = append(place, (gone,), policy(), NOW, beyond_retention=True)
    assert [(found.rule, found.severity) for found in done.problems] == [("custody.retention", "warning")]
    assert recorded(place) == ["discarded-slide"]


def test_what_is_no_original_or_has_been_kept_long_enough_may_be_discarded(tmp_path: Path) -> None:
    place = folder(tmp_path)
    assert append(place, (a_custody_event("discarded", "unstained", at="2026-03-04"),), policy(), NOW).problems == ()
    assert append(place, (a_custody_event("discarded", "slide", at="2036-02-21"),), policy(), NOW).problems == ()


@pytest.mark.parametrize("at", ["2036-02-20", "2036-02-20T23:59:59-05:00", "2036-02", "2036"])
def test_a_day_that_may_lie_within_the_retention_is_taken_to(at: str, tmp_path: Path) -> None:
    """What is gone is gone: of a month or a year the first day counts."""
    with pytest.raises(ProblemError, match="lies within its retention period"):
        append(folder(tmp_path), (a_custody_event("discarded", "slide", at=at),), policy(), NOW)
    assert recorded(tmp_path) == []


@pytest.mark.parametrize("at", ["2036-02-21", "2036-03", "2037"])
def test_a_day_that_lies_behind_it_does_not_bind(at: str, tmp_path: Path) -> None:
    done = append(folder(tmp_path), (a_custody_event("discarded", "slide", at=at),), policy(), NOW)
    assert (done.added, done.problems) == (("discarded-slide",), ())


def test_an_unknown_end_of_retention_keeps_it(tmp_path: Path) -> None:
    place = folder(tmp_path, reports=[], parts=[{"id": "part"}])
    with pytest.raises(ProblemError, match="whose end is not known"):
        append(place, (a_custody_event("discarded", "slide", at="2099-03-04"),), policy(), NOW)


def test_a_failure_leaves_the_file_and_nothing_beside_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    place = folder(tmp_path, custody=[OUT])
    before = (place / "case.json").read_bytes()

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "replace", full)
    with pytest.raises(OSError, match="No space"):
        append(place, (a_custody_event("received", "slide", **IN),), policy(), NOW)
    assert (place / "case.json").read_bytes() == before
    assert [path.name for path in place.iterdir()] == ["case.json"]


def test_two_do_not_write_at_once(tmp_path: Path) -> None:
    place = folder(tmp_path, custody=[OUT])
    handle = os.open(place, os.O_RDONLY)
    fcntl.flock(handle, fcntl.LOCK_EX)
    with pytest.raises(ProblemError, match="try again") as refused:
        append(place, (a_custody_event("received", "slide", **IN),), policy(), NOW)
    os.close(handle)
    assert [found.code for found in refused.value.problems] == ["lock-error"]
    assert append(place, (a_custody_event("received", "slide", **IN),), policy(), NOW).added == ("received-slide",)


def test_the_mode_of_the_file_stays(tmp_path: Path) -> None:
    place = folder(tmp_path, custody=[OUT])
    (place / "case.json").chmod(0o640)
    append(place, (a_custody_event("received", "slide", **IN),), policy(), NOW)
    assert (place / "case.json").stat().st_mode & 0o777 == 0o640


def test_a_folder_without_a_case(tmp_path: Path) -> None:
    with pytest.raises(ProblemError, match=r"has no case\.json"):
        append(tmp_path, (a_custody_event("lost", "slide"),), policy(), NOW)


# --- the text


@pytest.mark.parametrize(
    "text",
    [
        '{"custody": []}',
        '{"custody":[]}',
        '{"custody": [\n]}',
        '{"custody": [{"a": 1}], "z": 2.50}',
        '{\n  "custody": [\n    {"a": 1}\n  ]\n}\n',
        '{\n\t"custody": [\n\t\t{"a": "]}"}\n\t]\n}',
        '{"a": "\\"custody\\": [", "custody": [ ]}',
        '{"b": {"custody": [1]}, "c": "\\\\"}',
        '{"a": 1}',
        '{"x": [1, {"y": "}"}], "a": 72.50 }',
        '\ufeff{"a": 1, "custody": [{"b": [1, 2]}]}',
        '{\r\n  "a": 1\r\n}\r\n',
    ],
)
def test_a_list_of_any_form_takes_two_events(text: str) -> None:
    made = insert(text.encode("utf-8"), ['{\n  "id": "one"\n}', '{"id": "two"}'])
    before, after = json.loads(text.removeprefix("\ufeff")), json.loads(made.decode("utf-8-sig"))
    assert after == {**before, "custody": [*before.get("custody", []), {"id": "one"}, {"id": "two"}]}
    assert made.startswith(b"\xef\xbb\xbf") == text.startswith("\ufeff")
    assert ("\r\n" in text) == (b"\r\n" in made)
    assert made.count(b"72.50") == text.count("72.50")


@pytest.mark.parametrize(
    ("text", "made"),
    [
        ('{"a": 72.50,\r\n "custody": [\n  1\n]\n}\r\n', '{"a": 72.50,\r\n "custody": [\n  1,\r\n  {}\n]\n}\r\n'),
        ('{"custody": [1]}', '{"custody": [1,\n    {}\n  ]}'),
        ('{"custody": [ ]\t}', '{"custody": [\n    {}\n  ]\t}'),
        ('{"a":1\r\n\n}', '{"a":1,\r\n  "custody": [\r\n    {}\r\n  ]\r\n\n}'),
    ],
    ids=["lines of two kinds", "one line", "empty", "no list"],
)
def test_every_other_byte_stays(text: str, made: str) -> None:
    assert insert(text.encode(), ["{}"]) == made.encode()


@pytest.mark.parametrize("text", ["{}", '{"custody": 1}'])
def test_a_text_without_a_place_for_it_is_refused(text: str) -> None:
    with pytest.raises(ProblemError, match="has no place for a record of custody"):
        insert(text.encode(), ["{}"])


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner, max_size=3),
    max_leaves=8,
)
OBJECTS = st.dictionaries(st.text(max_size=4), VALUES, min_size=1, max_size=4)


@given(OBJECTS, st.lists(OBJECTS, max_size=3) | st.none(), st.sampled_from((None, 1, 2, "\t")), st.booleans())
@settings(max_examples=200, deadline=None)
def test_any_text_takes_an_event_and_loses_nothing(
    other: dict[str, Any], custody: list[Any] | None, indent: Any, ascii_: bool
) -> None:
    told_ = {**other, **({} if custody is None else {"custody": custody})}
    made = insert(json.dumps(told_, indent=indent, ensure_ascii=ascii_).encode(), ['{"id": "new"}'])
    assert json.loads(made) == {**told_, "custody": [*(custody or []), {"id": "new"}]}
