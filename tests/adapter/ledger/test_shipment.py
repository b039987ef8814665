"""Which images were about to go is known whatever became of the run; each is on a line, once."""

from adapter.ledger.shipment import about_to_go, shipped
from adapter.ledger.store import Ledger
from tests.adapter.ledger.given import AT, LATER, disclosure, entry, release, shipment
from tests.adapter.ledger.test_chain import look, places

SHA = "e" * 64


def images(*uids: str) -> frozenset[tuple[str, str]]:
    return frozenset((uid, SHA) for uid in uids)


def test_what_was_about_to_go_and_what_is_on_a_line(url: str) -> None:
    ledger = Ledger(url, at=AT)
    key = ledger.prepare(entry(), release())
    about_to_go(ledger.engine, key, shipment("1.1", "1.2", "1.3"))
    assert shipped(ledger.engine, "t" * 64) == ((images("1.1", "1.2", "1.3"),), frozenset())
    ledger.delivered(key, disclosure(), shipment("1.1", "1.2"))
    assert shipped(ledger.engine, "t" * 64) == ((images("1.1", "1.2", "1.3"),), images("1.1", "1.2"))
    assert shipped(ledger.engine, "u" * 64) == ((), frozenset())
    [begun, told] = ledger.rows("shipment")
    [row] = ledger.rows("disclosure")
    ledger.close()
    assert (begun["disclosure_id"], told["disclosure_id"]) == (None, row["id"])
    assert places(url) == []


def test_the_same_told_again_is_one_row(url: str) -> None:
    ledger = Ledger(url, at=AT)
    key = ledger.prepare(entry(), release())
    about_to_go(ledger.engine, key, shipment("1.1", "1.2"))
    about_to_go(ledger.engine, key, shipment("1.2", "1.1", recorded_at=LATER))
    assert [row["recorded_at"] for row in ledger.rows("shipment")] == [AT]
    about_to_go(ledger.engine, key, shipment("1.1"))
    ledger.close()
    assert look(url).rows["shipment"] == 2
