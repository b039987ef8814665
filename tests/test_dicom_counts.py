"""convert on whole folders of DICOM: to the end, every file on the account, counts equal to an independent count.

The count is made by dcmdump (DCMTK), which shares no code with us; where it is not installed, by a bare pydicom loop.
"""

import datetime as dt
import os
import pathlib
import re
import shutil
import subprocess
from collections import Counter

import pydicom
import pytest

from adapter.convert import Converted, convert
from adapter.quiet import quiet_pydicom
from mappings.fhir.wire import Json
from mappings.identity import DEFAULT_NAMESPACE

DAY = dt.date(2026, 3, 16)
PYDICOM = pathlib.Path(os.path.dirname(pydicom.__file__)) / "data"
_TAGS = {
    "StudyInstanceUID": "0020,000d",
    "SeriesInstanceUID": "0020,000e",
    "SOPInstanceUID": "0008,0018",
    "Modality": "0008,0060",
}
_UID = re.compile(r"(0|[1-9]\d*)(\.(0|[1-9]\d*))+")
_LINE = re.compile(r"^\(([0-9a-f]{4},[0-9a-f]{4})\) \w\w (?:\[([^\]]*)\]|((?:[0-9a-f]{2}\\?)*))", re.MULTILINE)
"""A line of dcmdump: tag, and value as text, or as hexadecimal digits where its representation is unknown."""
DIRECTORY = "1.2.840.10008.1.3.10"
Four = tuple[str, str, str, str]


def by_dcmdump(path: pathlib.Path) -> Four | None:
    """Study, series, instance and modality as dcmdump prints them; None where it reads none or it is a DICOMDIR."""
    options = [part for tag in (*_TAGS.values(), "0002,0002") for part in ("+P", tag)]
    done = subprocess.run(["dcmdump", "-q", "+L", "-Un", "+p", *options, str(path)], capture_output=True, check=False)
    found: dict[str, str] = {}
    for tag, value, unknown in _LINE.findall(done.stdout.decode("latin-1")):
        text = value or bytes.fromhex(unknown.replace("\\", "")).decode("latin-1")
        found.setdefault(tag, text.strip(" \0"))
    if done.returncode or not found:  # it refuses what others read: a length of the meta information that is wrong
        return by_pydicom(path)
    if found.get("0002,0002") == DIRECTORY:
        return None
    study, series, instance, modality = (found.get(tag, "") for tag in _TAGS.values())
    return study, series, instance, modality


def by_pydicom(path: pathlib.Path) -> Four | None:
    """The same by a bare loop."""
    with quiet_pydicom():
        try:
            found = pydicom.dcmread(path, stop_before_pixels=True, force=True)
            if found.file_meta.get("MediaStorageSOPClassUID") == DIRECTORY:
                return None
            study, series, instance, modality = (str(found.get(keyword) or "").strip() for keyword in _TAGS)
        except Exception:
            return None
    return (study, series, instance, modality) if study or instance else None


def counted(folder: pathlib.Path) -> Counter[tuple[str, str, str]]:
    """Study, series and modality -> instances, of the files that have all four values; each SOP Instance UID once.

    The modality of a series is that of its first file.
    """
    look = by_dcmdump if shutil.which("dcmdump") else by_pydicom
    seen: set[str] = set()
    modality: dict[str, str] = {}
    found: Counter[tuple[str, str, str]] = Counter()
    for path in sorted(folder.rglob("*"), key=lambda p: p.relative_to(folder).as_posix()):
        four = look(path) if path.is_file() else None
        if four and all(_UID.fullmatch(uid) for uid in four[:3]) and four[3] and four[2] not in seen:
            seen.add(four[2])
            found[four[0], four[1], modality.setdefault(four[1], four[3])] += 1
    return found


def made(done: Converted) -> Counter[tuple[str, str, str]]:
    found: Counter[tuple[str, str, str]] = Counter()
    for study in _studies(done):
        uid = study["identifier"][0]["value"].removeprefix("urn:oid:")
        for series in study["series"]:
            assert series["numberOfInstances"] == len(series["instance"])
            modality = series["modality"].get("code") or series["modality"]["display"]
            found[uid, series["uid"], modality] += len(series["instance"])
    return found


def _studies(done: Converted) -> list[Json]:
    entries = [entry["resource"] for bundle in done.bundles.values() for entry in bundle["entry"]]
    return [found for found in entries if found["resourceType"] == "ImagingStudy"]


def check(folder: pathlib.Path) -> Counter[tuple[str, str, str]]:
    """Convert a folder and compare; returns the counts."""
    done = convert([folder], DEFAULT_NAMESPACE, DAY)
    sources = [unit.source for unit in done.account.units]
    files = [path for path in folder.rglob("*") if path.is_file()]
    assert sorted(sources) == sorted(f"{folder.name}/{path.relative_to(folder).as_posix()}" for path in files)
    for unit in done.account.units:
        assert unit.resources or unit.outcome == "refused" or unit.problems, unit.source
        assert unit.outcome != "refused" or unit.problems, unit.source
    found = made(done)
    assert found == counted(folder)
    return found


SETS = ("ct-liver-seg", "ct-seg-23x38x3", "enhanced-mr", "highdicom", "mr-two-series", "odd")


@pytest.mark.parametrize("name", SETS)
def test_real_sets(shared: pathlib.Path, name: str) -> None:
    assert sum(check(shared / "data" / "dicom" / name).values()) >= 1


def test_all_real_sets_at_once(shared: pathlib.Path) -> None:
    assert sum(check(shared / "data" / "dicom").values()) == 67


@pytest.mark.parametrize(
    ("name", "instances"),
    [("charset_files", 13), ("test_files/dicomdirtests", 81)],
)
def test_pydicoms_own_files(name: str, instances: int) -> None:
    assert sum(check(PYDICOM / name).values()) == instances


def test_pydicoms_test_files() -> None:
    """All of them: private elements, no meta information, no transfer syntax, truncated, implicit, big endian."""
    done = convert([PYDICOM / "test_files"], DEFAULT_NAMESPACE, DAY)
    files = [path for path in (PYDICOM / "test_files").rglob("*") if path.is_file()]
    assert len(done.account.units) == len(files)
    assert all(unit.problems for unit in done.account.units if unit.outcome == "refused")
    ours, theirs = made(done), counted(PYDICOM / "test_files")
    assert ours == theirs


def test_no_time_zone_is_invented(shared: pathlib.Path) -> None:
    """A time with an offset comes from a header with one; all others stand as dates."""
    folder = shared / "data" / "dicom"
    offsets: dict[str, set[str]] = {}
    for path in (path for path in sorted(folder.rglob("*")) if path.is_file()):
        with quiet_pydicom():
            try:
                found = pydicom.dcmread(path, stop_before_pixels=True, force=True)
                offset = str(found.get("TimezoneOffsetFromUTC") or "")
                offsets.setdefault(str(found.StudyInstanceUID), set()).update([offset] if offset else [])
            except Exception:
                continue
    told = [
        (offsets[study["identifier"][0]["value"].removeprefix("urn:oid:")], started)
        for study in _studies(convert([folder], DEFAULT_NAMESPACE, DAY))
        for started in (study.get("started"), *(series.get("started") for series in study["series"]))
        if started
    ]
    assert len(told) >= 10
    assert [started for stated, started in told if not stated and "T" in started] == []
    assert [
        started
        for stated, started in told
        if "T" in started and not started.endswith(tuple(f"{offset[:3]}:{offset[3:]}" for offset in stated))
    ] == []
