"""Spans as Period: FHIR's per-1 (the start has a lower value than the end) holds for whatever a Span can be."""

import pytest
from hypothesis import given

from mappings.domain.values import Moment, Span
from mappings.fhir.datatypes import RAW_START, period, read_period
from mappings.problems import ProblemError
from tests import strategies


def span(start: str, end: str) -> Span:
    return Span(start=Moment(start), end=Moment(end))


@pytest.mark.parametrize(
    ("start", "end"),
    [
        ("2026-03", "2026"),
        ("2026", "2026-03"),
        ("2026-03-01", "2026-03-01T10:00:00Z"),
        ("2026-03-01T10:00:00", "2026-03-01T09:00:00Z"),
    ],
)
def test_a_start_that_cannot_be_told_from_the_end_is_set_aside(start: str, end: str) -> None:
    made = period(span(start, end))
    assert made == {"_start": {"extension": [{"url": RAW_START, "valueString": start}]}, "end": end}
    assert read_period(made) == span(start, end)


@pytest.mark.parametrize(
    ("start", "end"),
    [
        ("2025", "2026-03"),
        ("2026", "2026"),
        ("2026-03-01T10:00:00Z", "2026-03-01T10:00:00.5Z"),
        ("2026-03-02T01:00:00+05:00", "2026-03-01T23:00:00Z"),
    ],
)
def test_what_has_an_order_is_written_as_it_is(start: str, end: str) -> None:
    assert period(span(start, end)) == {"start": start, "end": end}


@pytest.mark.parametrize(
    ("start", "end"),
    [
        ("2026", "2025-12"),
        ("2026-03-01T10:00:00Z", "2026-03-01T09:59:60Z"),
        ("2026-03-01T23:00:00-05:00", "2026-03-02T01:00:00Z"),
        ("2026-03-01T10:00:00", "2026-03-01T09:00:00"),
    ],
)
def test_an_end_before_the_start_is_refused(start: str, end: str) -> None:
    with pytest.raises(ValueError, match="lies before"):
        span(start, end)
    with pytest.raises(ProblemError, match="lies before"):
        read_period({"start": start, "end": end})


@given(strategies.spans())
def test_every_span_comes_back(value: Span) -> None:
    assert read_period(period(value)) == value
