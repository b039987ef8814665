"""The policy of custody: what is kept how long, what a deployment may add, and what it may not."""

import datetime as dt
from pathlib import Path

import pytest

from adapter.custody.policy import Retention, Terms, packaged, policy_for
from mappings.problems import ProblemError
from tests.adapter.custody.given import write

DAY = dt.date(2026, 3, 16)


def test_the_packaged_years() -> None:
    kept = {row.id: (row.material, row.keep, row.start, row.mark) for row in policy_for(DAY).retention}
    assert kept == {
        "clia-block": ("block", "P2Y", "examination", "S"),
        "clia-slide": ("slide", "P10Y", "examination", "S"),
        "clia-cytology-slide": ("cytology-slide", "P5Y", "examination", "S"),
        "clia-tissue": ("tissue", "P0Y", "final-report", "S"),
        "cap-block": ("block", "P10Y", "examination", "S"),
        "cap-slide": ("slide", "P10Y", "examination", "S"),
        "cap-cytology-slide": ("cytology-slide", "P10Y", "examination", "S"),
        "cap-tissue": ("tissue", "P2W", "final-report", "S"),
    }
    assert {row.citation for row in policy_for(DAY).retention} == {"42 CFR 493.1105(a)(7)", "CAP ANP.12500"}


def test_every_switch_says_what_it_means_and_what_it_means_turned() -> None:
    switches = packaged()["switches"]
    assert set(switches) == set(Terms.__struct_fields__) - {"effective_from"}
    assert [name for name, row in switches.items() if not (row["means"].endswith(".") and row["other"])] == []


@pytest.mark.parametrize(
    ("keep", "start", "until"),
    [
        ("P10Y", dt.date(2026, 2, 20), dt.date(2036, 2, 20)),
        ("P2W", dt.date(2026, 2, 20), dt.date(2026, 3, 6)),
        ("P1Y", dt.date(2024, 2, 29), dt.date(2025, 3, 1)),
        ("P4Y", dt.date(2024, 2, 29), dt.date(2028, 2, 29)),
        ("P0Y", dt.date(2026, 2, 20), dt.date(2026, 2, 20)),
        ("P999Y", dt.date(9500, 1, 1), dt.date(9999, 12, 31)),
        ("P999W", dt.date(9999, 1, 1), dt.date(9999, 12, 31)),
    ],
)
def test_how_long_that_is(keep: str, start: dt.date, until: dt.date) -> None:
    row = Retention(
        id="x", effective_from=DAY, regime="state", material="slide", keep=keep, start="examination", citation="x"
    )
    assert row.until(start) == until


STATE = """
[[retention]]
id = "state-slide"
effective_from = 2026-01-01
regime = "state"
material = "slide"
keep = "P20Y"
start = "examination"
citation = "State code 1"

[[release]]
effective_from = 2026-02-01
recuts_first = false
"""


def test_a_deployment_adds_lines_and_turns_switches_from_a_day_on(tmp_path: Path) -> None:
    own = write(tmp_path, STATE)
    assert [row.id for row in policy_for(dt.date(2025, 12, 31), own).retention if row.regime == "state"] == []
    assert [row.id for row in policy_for(dt.date(2026, 1, 1), own).retention if row.regime == "state"] == [
        "state-slide"
    ]
    assert policy_for(dt.date(2026, 1, 31), own).terms.recuts_first is True
    turned = policy_for(dt.date(2026, 2, 1), own).terms
    assert (turned.recuts_first, turned.written_request_needed) == (False, True)


ROW = '[[retention]]\nid = "a"\neffective_from = 2026-01-01\nregime = "state"\nmaterial = "slide"\nkeep = "P1Y"\n'
WHOLE = ROW + 'start = "examination"\ncitation = "x"\n'


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "holds .* and nothing else"),
        ("x = 1", "holds .* and nothing else"),
        ("[[retention]]\nid = 'a'", "holds .* and nothing else"),
        ("[[release]]\neffective_from = '2026-01-01'", "holds .* and nothing else"),
        ("[[", "is not TOML"),
        (WHOLE.replace('"state"', '"clia"'), "they add to the law"),
        (WHOLE.replace('"a"', '"cap-slide"'), "has the `id` of a packaged line"),
        (WHOLE.replace("P1Y", "P1D"), "`keep` is years"),
        (WHOLE.replace('"slide"', '"Zebulon"'), "correct the table"),
        (ROW, "correct the table"),
        ("[[release]]\neffective_from = 2026-01-01\nrecuts_first = 'Zebulon'", "correct the table"),
        ("[[release]]\neffective_from = 2026-01-01\nrecuts = true", "correct the table"),
        ("[[release]]\neffective_from = 2026-01-01\nlabel_scheme = 'Zebulon'", "`label_scheme` is no scheme"),
        ("[[release]]\neffective_from = 2099-01-01\nrecuts_first = 7", "correct the table"),
    ],
)
def test_an_own_table_that_does_not_fit_is_refused(tmp_path: Path, text: str, message: str) -> None:
    with pytest.raises(ProblemError, match=message) as refused:
        policy_for(DAY, write(tmp_path, text))
    assert "Zebulon" not in str(refused.value)
    assert {found.rule for found in refused.value.problems} == {"custody.policy"}


def test_a_table_that_is_not_there_and_a_day_before_all_tables(tmp_path: Path) -> None:
    with pytest.raises(ProblemError, match="cannot be read"):
        policy_for(DAY, tmp_path / "none.toml")
    with pytest.raises(ProblemError, match="in effect on that day"):
        policy_for(dt.date(1999, 1, 1))
