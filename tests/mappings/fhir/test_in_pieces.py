"""What is written piece by piece are the bytes that are written at once, and no piece is long."""

from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mappings.fhir import in_pieces as module
from mappings.fhir.in_pieces import in_pieces
from mappings.fhir.wire import ExactDecimal, pretty

VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-9, 9) | st.text(max_size=4) | st.just(ExactDecimal("72.50")),
    lambda inner: st.lists(inner, max_size=5) | st.dictionaries(st.text(max_size=4), inner, max_size=4),
    max_leaves=20,
)


@given(VALUES, st.sampled_from((1, 20, 1 << 16)), st.sampled_from((1, 2, 100)))
def test_the_pieces_are_what_is_written_at_once(value: Any, piece: int, batch: int) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(module, "PIECE", piece)
        patch.setattr(module, "BATCH", batch)
        assert b"".join(in_pieces(value)) == pretty(value)


def test_no_piece_of_a_large_study_is_long() -> None:
    instances = [{"uid": f"1.2.{n}", "sopClass": {"system": "urn:x", "code": "y"}, "number": n} for n in range(20_000)]
    study = {"resourceType": "ImagingStudy", "note": "a\nb", "series": [{"uid": "1.2", "instance": instances}]}
    found = list(in_pieces({"resourceType": "Bundle", "entry": [{"resource": study}]}))
    assert b"".join(found) == pretty({"resourceType": "Bundle", "entry": [{"resource": study}]})
    assert max(map(len, found)) < 300_000


class Row(msgspec.Struct):
    name: str
    more: tuple[str, ...] = ()


def test_structs_are_written_as_objects() -> None:
    rows = tuple(Row(name=str(n), more=("a",)) for n in range(250))
    assert b"".join(in_pieces({"rows": rows, "none": ()})) == pretty({"rows": rows, "none": ()})
