"""Addresses are looked for in foreign text in time that grows with its length only."""

import time

import pytest

from adapter.consent.gone import _ADDRESS, _SEARCH


@pytest.mark.parametrize("piece", ["http://", "http://a/", "https://a/b?", "Aaa/", "urn:uuid:", "Patient?"])
def test_a_long_text_of_almost_addresses_is_read_at_once(piece: str) -> None:
    taken = []
    for length in (25_000, 200_000):
        began = time.process_time()
        text = piece * (length // len(piece))
        for pattern in (_ADDRESS, _SEARCH):
            list(pattern.finditer(text))
        taken.append(time.process_time() - began)
    assert taken[1] < 24 * max(taken[0], 0.05), "eight times the text takes about eight times as long"


def test_a_long_address_is_found_whole() -> None:
    address = "https://ehr.example/" + "a/" * 900 + "http://inner.example/Patient/p1"
    assert [found[0] for found in _ADDRESS.finditer(f"see {address}.")] == [f"{address}."]
