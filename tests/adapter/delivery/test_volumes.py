"""What belongs together stays together where it fits, everything is somewhere once, nothing is too large."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapter.delivery.part10 import Part10
from adapter.delivery.volumes import RECORD, RESERVE, SECTOR, volumes
from adapter.holding import File
from mappings.problems import ProblemError

FILE = File(path="x", folder="", digest=b"", sha1=b"", size=0, kind="dicom", content_type="application/dicom")
ROOM = 100 * SECTOR
CAPACITY = RESERVE + ROOM


def image(study: int, series: int, number: int, sectors: int) -> Part10:
    """An instance that takes so many sectors, with all that goes with it."""
    return Part10(
        uid=f"1.{study}.{series}.{number:03}", study=f"1.{study}", series=f"1.{study}.{series}", sop_class="1.2",
        syntax="1.2", file=FILE, prefix=b"", start=0, size=sectors * SECTOR - RECORD, sha256="", data_sha256="",
    )  # fmt: skip


def laid(images: list[Part10], files: list[tuple[str, int]] | None = None) -> list[list[str]]:
    found = volumes(files or [], images, CAPACITY)
    return [[*volume.files, *(image.uid for image in volume.images)] for volume in found]


def test_all_on_one_where_it_fits() -> None:
    assert laid([image(1, 1, 1, 50), image(2, 1, 1, 50)]) == [["1.1.1.001", "1.2.1.001"]]


def test_a_study_is_not_divided_where_a_volume_has_room_for_it() -> None:
    images = [image(1, 1, n, 20) for n in range(3)] + [image(2, 1, n, 20) for n in range(4)] + [image(3, 1, 0, 40)]
    assert laid(images) == [["1.1.1.000", "1.1.1.001", "1.1.1.002", "1.3.1.000"], [f"1.2.1.00{n}" for n in range(4)]]


def test_a_study_larger_than_a_volume_is_divided_by_series() -> None:
    images = [image(1, 1, n, 30) for n in range(2)] + [image(1, 2, n, 30) for n in range(2)] + [image(1, 3, 1, 10)]
    assert laid(images) == [["1.1.1.000", "1.1.1.001", "1.1.3.001"], ["1.1.2.000", "1.1.2.001"]]


def test_a_series_larger_than_a_volume_is_divided_by_instances() -> None:
    assert laid([image(1, 1, n, 40) for n in range(5)]) == [
        ["1.1.1.000", "1.1.1.001"], ["1.1.1.002", "1.1.1.003"], ["1.1.1.004"],
    ]  # fmt: skip


def test_files_come_first() -> None:
    assert laid([image(1, 1, 1, 60)], [("CASE.ZIP", 50 * SECTOR - 7), ("D1", 1)]) == [["CASE.ZIP", "D1"], ["1.1.1.001"]]


@pytest.mark.parametrize(
    ("images", "files", "what", "sectors"),
    [
        ([image(1, 1, 1, 101), image(1, 1, 2, 103)], [("CASE.ZIP", 5)], "1.1.1.002", 103),
        ([image(1, 1, 1, 3)], [("CASE.ZIP", 100 * SECTOR + 1)], "CASE.ZIP", 101),
    ],
)
def test_what_is_larger_than_a_volume_is_refused_with_the_size_it_takes(
    images: list[Part10], files: list[tuple[str, int]], what: str, sectors: int
) -> None:
    with pytest.raises(ProblemError) as caught:
        laid(images, files)
    (found,) = caught.value.problems
    least = RESERVE + sectors * SECTOR
    assert (found.where, found.message) == (
        what,
        f"is the largest thing that has to be on one medium, and does not fit: take one of {least} bytes or more "
        "(--medium cd)",
    )
    assert len(volumes(files, images, least)) > 0
    with pytest.raises(ProblemError):
        volumes(files, images, least - 1)


def test_what_is_larger_than_any_that_has_a_name_is_told_in_bytes() -> None:
    with pytest.raises(ProblemError, match=r"take one of 5001050\d\d\d bytes or more \[medium\.size\]"):
        volumes([("CASE.ZIP", 5_000_000_000)], [], CAPACITY)


@given(st.lists(st.tuples(st.integers(1, 3), st.integers(1, 3), st.integers(3, 100)), max_size=30))
def test_everything_is_somewhere_once_and_no_volume_overflows(rows: list[tuple[int, int, int]]) -> None:
    images = [image(study, series, n, sectors) for n, (study, series, sectors) in enumerate(rows)]
    found = volumes([], images, CAPACITY)
    assert sorted(one.uid for volume in found for one in volume.images) == sorted(one.uid for one in images)
    assert all(sum(one.size + RECORD for one in volume.images) <= ROOM for volume in found)
    assert volumes([], images[::-1], CAPACITY) == found
