"""Dates and times are what FHIR R4 takes for one, in the digits that it takes."""

import pytest

from mappings.domain.values import Moment, PartialDate

ARABIC = str.maketrans("0123456789", "".join(chr(0x660 + n) for n in range(10)))


@pytest.mark.parametrize("text", ["2026", "2026-02", "2024-02-29", "2026-02-28"])
def test_a_date_of_any_precision(text: str) -> None:
    assert (PartialDate(text), Moment(text)) == (text, text)


@pytest.mark.parametrize(
    "text",
    ["", "26", "0000", "2026-13", "2026-00", "2026-2", "2023-02-29", "2026-02-30", "20260228", "2026-02-28T",
     "2026\n", " 2026", "2026-02-28".translate(ARABIC), "2026".translate(ARABIC)],
)  # fmt: skip
def test_what_is_no_date(text: str) -> None:
    for kind in (PartialDate, Moment):
        with pytest.raises(ValueError, match="is not a date"):
            kind(text)


@pytest.mark.parametrize(
    ("text", "offset", "floating"),
    [
        ("2026-02-28T23:59:60Z", "Z", False),
        ("2026-02-28T00:00:00.123456789-05:00", "-05:00", False),
        ("2026-02-28T08:30:15+14:00", "+14:00", False),
        ("2026-02-28T08:30:15", None, True),
    ],
)
def test_a_time_keeps_its_offset_or_has_none(text: str, offset: str | None, floating: bool) -> None:
    assert (Moment(text).offset, Moment(text).floating, Moment(text).date) == (offset, floating, "2026-02-28")


@pytest.mark.parametrize(
    "time",
    ["08:30", "24:00:00Z", "08:60:00Z", "08:30:61Z", "08:30:15+15:00", "08:30:15 Z", "08:30:15z",
     "08:30:15".translate(ARABIC), "08:30:15+0100"],
)  # fmt: skip
def test_what_is_no_time(time: str) -> None:
    with pytest.raises(ValueError, match="is not a date or time"):
        Moment(f"2026-02-28T{time}")


@pytest.mark.parametrize("date", ["2026", "2026-02"])
def test_a_time_needs_its_day(date: str) -> None:
    with pytest.raises(ValueError, match="is not a date or time"):
        Moment(f"{date}T08:30:15Z")
