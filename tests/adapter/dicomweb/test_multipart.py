"""Parts come as they are, in pieces of any size, and a body that breaks off is told from one that ends."""

from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapter.dicomweb.multipart import CutOff, Parts, boundary_of

BODY = (
    b"--edge\r\nContent-Type: application/dicom\r\nContent-Length: 3\r\n\r\nabc"
    b"\r\n--edge\r\n\r\n\r\n--\r\nx\r\n--edge--\r\n"
)


def pieces(data: bytes, size: int) -> Iterator[bytes]:
    return (data[place : place + size] for place in range(0, len(data), size))


def read(data: bytes, size: int = 7) -> list[tuple[dict[str, str], bytes]]:
    return [(part.headers, b"".join(part.chunks)) for part in Parts(pieces(data, size), "edge")]


@pytest.mark.parametrize("size", [1, 2, 3, 5, 8, 13, 1000])
def test_parts_come_with_headers_and_content(size: int) -> None:
    assert read(BODY, size) == [
        ({"content-type": "application/dicom", "content-length": "3"}, b"abc"),
        ({}, b"\r\n--\r\nx"),
    ]


@pytest.mark.parametrize("length", range(1, len(BODY) - 4))
def test_a_body_that_breaks_off_is_noticed(length: int) -> None:
    with pytest.raises(CutOff):
        read(BODY[:length])


def test_what_comes_before_a_break_is_whole() -> None:
    parts = iter(Parts(pieces(BODY[:-12], 5), "edge"))
    assert b"".join(next(parts).chunks) == b"abc"
    last = next(parts)
    with pytest.raises(CutOff):
        b"".join(last.chunks)


def test_a_part_that_nobody_reads_is_passed_over() -> None:
    assert len(list(Parts(pieces(BODY, 4), "edge"))) == 2


def test_headers_without_end_are_not_read_for_ever() -> None:
    with pytest.raises(CutOff):
        read(b"--edge\r\nX: " + b"y" * 20_000 + b"\r\n\r\nabc\r\n--edge--", 1000)


def test_a_body_without_the_boundary_is_none() -> None:
    with pytest.raises(CutOff):
        read(b"<html>busy</html>")


def test_the_length_of_a_part_is_known_where_it_is_said() -> None:
    assert [part.length for part in Parts(pieces(BODY, 9), "edge")] == [3, None]


@given(st.lists(st.binary(max_size=60), max_size=4), st.integers(1, 40))
def test_any_content_comes_back(contents: list[bytes], size: int) -> None:
    data = b"".join(b"--edge-4f1c\r\n\r\n" + content + b"\r\n" for content in contents) + b"--edge-4f1c--"
    parts = Parts(pieces(data, size), "edge-4f1c")
    assert [b"".join(part.chunks) for part in parts] == contents


@pytest.mark.parametrize(
    ("content_type", "boundary"),
    [
        ('multipart/related; type="application/dicom"; boundary=abc', "abc"),
        ('Multipart/Related; boundary="a b"; type=x', "a b"),
        ("multipart/related", None),
        ("text/html; boundary=abc", None),
    ],
)
def test_a_boundary_is_found(content_type: str, boundary: str | None) -> None:
    assert boundary_of(content_type) == boundary
