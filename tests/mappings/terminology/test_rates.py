"""Published discordance rates: figures as printed, each with its source and with what was seen of it."""

from decimal import Decimal

import pytest

from mappings.problems import ProblemError
from mappings.terminology.rates import groups, rates_for
from mappings.terminology.tables import records


def test_groups() -> None:
    assert groups()[:2] == ("any", "soft-tissue-sarcoma")
    assert {"melanocytic", "head-and-neck", "breast", "prostate", "thyroid", "brain", "lymphoma"} <= set(groups())


def test_surgical_pathology_as_a_whole_is_about_1_to_over_10_percent() -> None:
    rates = rates_for("any")
    assert rates[0].lower == rates[0].upper == Decimal("1.4")
    assert max(rate.upper for rate in rates) == Decimal("14.2")


def test_soft_tissue_sarcoma_in_the_series_of_arbiser() -> None:
    first = rates_for("soft-tissue-sarcoma")[0]
    assert (first.measure, first.lower) == ("major discrepancy", Decimal(25))
    assert first.source.startswith("Arbiser ZK, Folpe AL, Weiss SW.")


def test_every_line_says_what_was_seen_of_its_source() -> None:
    lines = records("discordance-rates")
    assert [line["source"] for line in lines if not line["verified"].startswith("abstract")] == []
    assert [line["group"] for line in lines if len(line["source"]) < 40] == []


def test_an_unknown_group_is_refused() -> None:
    with pytest.raises(ProblemError, match="no published rates for this group; there are any,"):
        rates_for("unheard-of")
