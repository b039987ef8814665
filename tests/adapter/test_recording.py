"""What the ledger says of a release: whether the accounting wants it, and nothing of a name in an address."""

from pathlib import Path

import pytest

from adapter.config import Settings
from adapter.ledger.store import Ledger
from adapter.pipeline import export_case
from tests.golden import NOW, source


@pytest.mark.parametrize(("scenario", "accounting"), [("cord-compression", "required"), ("svc-syndrome", "exempt")])
def test_a_part_2_disclosure_is_on_the_accounting_though_treatment_is_not(
    tmp_path: Path, scenario: str, accounting: str
) -> None:
    settings = Settings(ledger=f"sqlite:///{tmp_path}/ledger.sqlite3")
    export_case(source(scenario, tmp_path), tmp_path / "out", settings, NOW)
    ledger = Ledger(settings.ledger)
    assert [row["accounting"] for row in ledger.rows("disclosure")] == [accounting]
    ledger.close()


def test_the_name_an_operator_gives_a_file_stands_in_no_address(tmp_path: Path) -> None:
    settings = Settings(ledger=f"sqlite:///{tmp_path}/ledger.sqlite3")
    export_case(source("svc-syndrome", tmp_path), tmp_path / "Smith-Jane-1951.zip", settings, NOW)
    ledger = Ledger(settings.ledger)
    [release] = ledger.rows("release")
    ledger.close()
    assert [agent["network"]["address"] for agent in release["audit_event"]["agent"]][1:] == ["file:case.zip"]
    assert "Smith-Jane" not in str(release)
