"""What was left to fill in is found however the file was saved."""

from adapter.sources.placeholders import placeholders


def test_a_placeholder_is_found_behind_a_byte_order_mark() -> None:
    (found,) = placeholders(b'\xef\xbb\xbf{"id": "FILL-IN"}', "case.json")
    assert (found.where, found.rule) == ("case.json $.id", "case.placeholder")
