"""Media to be burnt: every name is one that ISO 9660 takes, every file is listed, all of the release once."""

import hashlib
import json
import re
import zipfile
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest
from joserfc.jwk import ECKey
from pydicom import dcmread

from adapter.config import Settings
from adapter.delivery.bundle_import import import_bundle
from adapter.delivery.verify import verify
from adapter.delivery.volumes import RESERVE
from adapter.pipeline import export_case
from mappings.problems import ProblemError
from tests.dicom_files import dataset, write
from tests.golden import NOW, export, source

NAME = re.compile(r"[A-Z0-9_]{1,8}(\.[A-Z0-9_]{1,3})?")
SCENARIO = "discordant-imaging-biopsy"
PERSON = {
    "SpecificCharacterSet": "ISO_IR 192", "PatientID": "IND-000345", "PatientName": "Testpatient-Indigo^Mei",
    "PatientBirthDate": "19700228",
}  # fmt: skip


def case_of(folder: Path, studies: int = 3, instances: int = 4) -> Path:
    """A case with more studies, of some 100 kB each."""
    place = source(SCENARIO, folder)
    for study in range(studies):
        for number in range(instances):
            uids = {"StudyInstanceUID": f"2.25.{study}", "SeriesInstanceUID": f"2.25.{study}.0"}
            uids["SOPInstanceUID"] = f"2.25.{study}.0.{number}"
            image = dataset(**PERSON, **uids, PixelData=bytes([study, number]) * 12_000, BitsAllocated=16)
            write(place / "dicom" / f"{study}-{number}.dcm", image)
    return place


def written(case: Path, out: Path, capacity: int) -> list[Path]:
    export_case(case, out, Settings(ledger=f"sqlite:///{out.parent / 'ledger.sqlite3'}"), NOW, capacity)
    return sorted(out.iterdir())


def listed(volume: Path) -> dict[str, str]:
    rows = (line.split("  ") for line in (volume / "SHA256.TXT").read_text("ascii").splitlines())
    return {name: digest for digest, name in rows}


def directory(volume: Path) -> dict[str, Path]:
    """What DICOMDIR leads to: SOP Instance UID -> file."""
    records = dcmread(volume / "DICOMDIR").DirectoryRecordSequence
    return {
        str(record.ReferencedSOPInstanceUIDInFile): volume.joinpath(*record.ReferencedFileID)
        for record in records
        if "ReferencedFileID" in record
    }


def text(volume: Path) -> str:
    return " ".join("".join(ET.fromstring((volume / "INDEX.HTM").read_bytes()).itertext()).split())


def links(volume: Path) -> list[str]:
    return [a.get("href", "") for a in ET.fromstring((volume / "INDEX.HTM").read_bytes()).iter() if a.get("href")]


@pytest.mark.parametrize("capacity", [700_000_000, RESERVE + 310_000])
def test_names_lists_and_links(capacity: int, tmp_path: Path) -> None:
    for number, volume in enumerate(written(case_of(tmp_path), tmp_path / "out", capacity), 1):
        assert volume.name == f"VOLUME{number}"
        found = sorted(volume.rglob("*"))
        assert [path.name for path in found if not NAME.fullmatch(path.name)] == []
        files = {
            p.relative_to(volume).as_posix(): hashlib.sha256(p.read_bytes()).hexdigest() for p in found if p.is_file()
        }
        del files["SHA256.TXT"]
        assert listed(volume) == files
        assert [place for place in links(volume) if not (volume / place).is_file()] == []
        assert b"\r\n" in (volume / "README.TXT").read_bytes()
        assert (volume / "README.TXT").read_bytes().isascii()


def test_a_release_on_several_volumes_is_whole_and_each_study_on_one(tmp_path: Path) -> None:
    case = case_of(tmp_path)
    volumes = written(case, tmp_path / "out", RESERVE + 310_000)
    assert [volume.name for volume in volumes] == ["VOLUME1", "VOLUME2"]
    found = [directory(volume) for volume in volumes]
    assert sum(map(len, found)) == 16
    came = sorted(hashlib.sha256(path.read_bytes()).digest() for path in (case / "dicom").rglob("*.dcm"))
    there = [hashlib.sha256(path.read_bytes()).digest() for each in found for path in each.values()]
    assert sorted(there) == came
    studies = [{uid.rpartition(".0.")[0] for uid in each if ".0." in uid} for each in found]
    assert (studies[0] & studies[1], len(studies[0] | studies[1])) == (set(), 3)
    assert all(sum(p.stat().st_size for p in v.rglob("*") if p.is_file()) <= RESERVE + 310_000 for v in volumes)


def test_each_volume_says_which_it_is_and_what_the_others_hold(tmp_path: Path) -> None:
    volumes = written(case_of(tmp_path), tmp_path / "out", RESERVE + 310_000)
    assert [text(volume)[:44] for volume in volumes] == [
        f"Images and reports, volume {number} of 2Images and r"[:44] for number in (1, 2)
    ]
    assert "4 instances, on volume 2" in text(volumes[0])
    assert "CASE/CASE.ZIP" in links(volumes[0])
    assert "CASE/CASE.ZIP" not in links(volumes[1])
    readme = (volumes[1] / "README.TXT").read_text("ascii")
    assert "IMAGES AND REPORTS, VOLUME 2 OF 2" in readme
    assert "Made by       Latte Stone Island Hospital (synthetic)" in readme
    assert [line.strip() for line in readme.splitlines() if line.startswith("  volume")] == [
        "volume 1: 12 instances of 3 imaging studies, CASE.ZIP", "volume 2: 4 instances of 1 imaging study",
    ]  # fmt: skip
    assert [str(dcmread(volume / "DICOMDIR").FileSetID) for volume in volumes] == ["VOL1OF2", "VOL2OF2"]


def test_what_is_called_in_two_lines_adds_no_line_to_the_pages(tmp_path: Path) -> None:
    case = case_of(tmp_path, 0)
    told = json.loads((case / "case.json").read_text("utf-8"))
    for organization in told["organizations"]:
        organization["name"] += "\r\nAUTORUN.EXE   run this first\u2028<b>\u202e"
    (case / "case.json").write_text(json.dumps(told), "utf-8")
    (volume,) = written(case, tmp_path / "out", 700_000_000)
    readme = (volume / "README.TXT").read_text("ascii")
    assert [line for line in readme.splitlines() if line.startswith("AUTORUN")] == []
    assert "Hospital (synthetic)  AUTORUN.EXE   run this first <b> \n" in readme.replace("\r\n", "\n")
    assert "Hospital (synthetic) AUTORUN.EXE run this first <b> ." in text(volume)
    assert b"<b>" not in (volume / "INDEX.HTM").read_bytes()


def test_the_case_on_it_and_its_images_make_the_case_again(tmp_path: Path) -> None:
    case = case_of(tmp_path, 1)
    (volume,) = written(case, tmp_path / "out", 700_000_000)
    archive = volume / "CASE" / "CASE.ZIP"
    with zipfile.ZipFile(archive) as found:
        assert [name for name in found.namelist() if name.startswith("DICOM")] == []
    import_bundle(archive, tmp_path / "back")
    (volume / "DICOM").rename(tmp_path / "back" / "DICOM")
    export(tmp_path / "back", tmp_path / "two", NOW)
    export(case, tmp_path / "one", NOW)
    made = [(tmp_path / name / "bundle.json").read_bytes() for name in ("one", "two")]
    assert made[0] == made[1]


def test_documents_are_linked_by_their_titles(tmp_path: Path) -> None:
    (volume,) = written(source("cord-compression", tmp_path), tmp_path / "out", 700_000_000)
    places = [place for place in links(volume) if place.startswith("DOCUMENT/")]
    assert places == sorted(f"DOCUMENT/{path.name}" for path in (volume / "DOCUMENT").iterdir())
    assert len(places) > 0


def test_the_same_release_gives_the_same_bytes(tmp_path: Path) -> None:
    case = case_of(tmp_path)
    for name in ("one", "two"):
        written(case, tmp_path / name, RESERVE + 310_000)
    assert [listed(volume) for volume in sorted((tmp_path / "one").iterdir())] == [
        listed(volume) for volume in sorted((tmp_path / "two").iterdir())
    ]


def test_a_medium_too_small_for_it_is_refused_and_nothing_is_there(tmp_path: Path) -> None:
    with pytest.raises(ProblemError, match=r"does not fit: take one of \d+ bytes or more \(--medium cd\)"):
        written(case_of(tmp_path, 1), tmp_path / "out", RESERVE + 10_000)
    assert not (tmp_path / "out").exists()


def test_what_lies_there_is_not_overwritten(tmp_path: Path) -> None:
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "mine").write_text("mine")
    with pytest.raises(ProblemError, match="is not wholly an earlier export"):
        written(case_of(tmp_path, 1), tmp_path / "out", 700_000_000)


def test_a_volume_is_verified_like_a_bundle(tmp_path: Path) -> None:
    key = ECKey.generate_key("P-384")
    (tmp_path / "key.pem").write_bytes(key.as_pem(private=True))
    (tmp_path / "public.pem").write_bytes(key.as_pem(private=False))
    (tmp_path / "other.pem").write_bytes(ECKey.generate_key("P-384").as_pem(private=False))
    chosen = Settings(ledger=f"sqlite:///{tmp_path / 'ledger.sqlite3'}", signing_key=tmp_path / "key.pem")
    export_case(case_of(tmp_path, 1), tmp_path / "out", chosen, NOW, 700_000_000)
    volume = tmp_path / "out" / "VOLUME1"
    found = verify(volume, (tmp_path / "public.pem",))
    assert (found.intact, found.signed, found.refusals, found.files) == (True, True, (), 12)
    assert [note.where for note in verify(volume, (tmp_path / "other.pem",)).refusals] == ["SHA256.JWS"]
    (volume / "INDEX.HTM").write_text("changed")
    (volume / "MORE.TXT").write_text("more")
    (volume / "README.TXT").unlink()
    assert [(note.where, note.message.partition(";")[0]) for note in verify(volume).problems] == [
        ("INDEX.HTM", "is not as the list says"), ("MORE.TXT", "is not on the list"), ("README.TXT", "is missing"),
    ]  # fmt: skip
    (volume / "SHA256.TXT").write_text("".join(f"{'0' * 64}  {name}\n" for name in ("INDEX.HTM",)))
    assert "SHA256.JWS" in [note.where for note in verify(volume).problems]


def test_a_list_that_is_none_is_refused(tmp_path: Path) -> None:
    (tmp_path / "SHA256.TXT").write_text("Rosebud\n")
    with pytest.raises(ProblemError, match="is no list of files and digests"):
        verify(tmp_path)
