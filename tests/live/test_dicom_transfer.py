"""Images from one archive to another through a case: found, fetched, mapped, delivered, shown to be there."""

import hashlib
import json
import os
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pydicom
import pytest

from adapter.config import load_settings, pacs_named
from adapter.delivery.dicomweb import deliver_images
from adapter.dicomweb.client import Client
from adapter.dimse.peer import Peer
from adapter.transfer.journal import Journal
from tests.adapter.cli.command import Done, case, run
from tests.dicom_files import dataset, write
from tests.live import pacs
from tests.live.pacs import Pacs
from tests.releases import made_release
from tests.strategies_case import EXAMPLE

pytestmark = pytest.mark.live

SCENARIO = "discordant-imaging-biopsy"
MRN = "https://latte-stone.example/sid/mrn"
PATIENT = f"{MRN}|IND-000345"
STUDY = "2.25.200000000000000000000000000000003000"
CENTER = "http://hl7.org/fhir/sid/us-npi|9999900324"


@pytest.fixture(scope="module")
def archives(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Pacs, Pacs]]:
    """The hospital's archive and that of the review center."""
    with (
        pacs.orthanc(tmp_path_factory.mktemp("hospital")) as hospital,
        pacs.orthanc(tmp_path_factory.mktemp("center")) as center,
    ):
        yield hospital, center


@pytest.fixture
def place(archives: tuple[Pacs, Pacs], tmp_path: Path) -> Path:
    """Settings and a case that has no images yet; they, and those of another person, are in the first archive."""
    hospital, center = archives
    hospital.empty()
    center.empty()
    settings(tmp_path, archives)
    for path in sorted((case(tmp_path, SCENARIO) / "dicom").rglob("*.dcm")):
        assert hospital.store(path.read_bytes()) == 200
        path.unlink()
    other = write(tmp_path / "other.dcm", dataset(PatientID="IND-000346", AccessionNumber="R25-30077"))
    assert hospital.store(other.read_bytes()) == 200
    return tmp_path


def settings(folder: Path, archives: tuple[Pacs, Pacs], **more: Any) -> None:
    hospital, center = archives
    told = hospital.settings("hospital", patient_system=MRN, **more) + center.settings("center", CENTER, **more)
    (folder / "second-opinion.toml").write_text(told)


def fetched(folder: Path, protocol: str = "dicomweb", *more: str) -> Done:
    asked = more or ("--patient", PATIENT)
    return run(folder, "fetch", protocol, "--server", "hospital", *asked, "--to", f"{SCENARIO}/dicom", "--json")


def delivered(folder: Path, *more: str) -> Done:
    return run(folder, "deliver", SCENARIO, "--images", "center", "--json", *more)


def data_sets(files: dict[str, bytes]) -> dict[str, bytes]:
    """UID -> the data set without its file meta information."""
    return {uid: data[144 + int.from_bytes(data[140:144], "little") :] for uid, data in files.items()}


# --- there and back


def test_found_fetched_mapped_and_delivered(archives: tuple[Pacs, Pacs], place: Path) -> None:
    hospital, center = archives
    got = fetched(place)
    assert (got.code, got.json["instances"], got.json["new"], got.json["missing"]) == (0, 4, 4, 0)
    assert run(place, "export", SCENARIO, "--to", "out").code == 0
    bundle = json.loads((place / "out" / "bundle.json").read_text())
    (study,) = (e["resource"] for e in bundle["entry"] if e["resource"]["resourceType"] == "ImagingStudy")
    assert (study["numberOfSeries"], study["numberOfInstances"]) == (2, 4)
    assert {"system": "urn:dicom:uid", "value": f"urn:oid:{STUDY}"} in study["identifier"]
    sent = delivered(place)
    assert sent.code == 0
    assert [(row["here"], row["proof"]) for row in sent.json["instances"]] == [(True, "content")] * 4
    there = center.content()
    assert there == {uid: data for uid, data in hospital.content().items() if uid in there}
    assert sorted(there) == sorted(row["uid"] for row in sent.json["instances"])


def test_what_is_there_is_neither_fetched_nor_sent_nor_recorded_again(place: Path) -> None:
    first = [fetched(place).json["new"], delivered(place).json["recorded"]]
    again = [fetched(place).json["new"], delivered(place).json["recorded"]]
    assert (first, again) == ([4, 4], [0, 0])
    told = [json.loads(line) for line in (place / f"{SCENARIO}.center.deliver.jsonl").read_text().splitlines()[1:]]
    counted = Counter(line["event"] for line in told)
    assert counted == {"begun": 1, "sending": 4, "stored": 4, "proved": 4, "disclosed": 4}


@pytest.mark.parametrize("protocol", ["dicomweb", "dimse"])
def test_an_order_number_of_two_persons_is_not_followed(place: Path, protocol: str) -> None:
    done = fetched(place, protocol, "--accession", "R25-30077")
    assert done.code == 1
    assert "lists studies of several patients" in done.err
    assert "IND-000345" not in done.err
    assert not (place / f"{SCENARIO}/dicom").exists() or not list((place / f"{SCENARIO}/dicom").rglob("*.dcm"))


@pytest.mark.parametrize("protocol", ["dicomweb", "dimse"])
def test_one_of_them_is_told_apart_by_the_patient(place: Path, protocol: str) -> None:
    done = fetched(place, protocol, "--accession", "R25-30077", "--patient", PATIENT)
    assert (done.code, done.json["instances"]) == (0, 4)


@pytest.mark.parametrize("protocol", ["dicomweb", "dimse"])
def test_another_issuer_s_number_finds_nothing(place: Path, protocol: str) -> None:
    done = fetched(place, protocol, "--patient", "https://elsewhere.example/mrn|IND-000345")
    assert (done.code, "lists nothing for this" in done.err) == (1, True)


@pytest.mark.parametrize("protocol", ["dicomweb", "dimse"])
def test_a_study_is_listed_without_names(place: Path, protocol: str) -> None:
    done = run(place, "fetch", protocol, "--server", "hospital", "--study", STUDY, "--list", "--json")
    assert done.json == {"studies": [{"study": STUDY, "date": "20251016", "modalities": ["CT"], "instances": 4}]}


def test_metadata_say_what_the_files_say(archives: tuple[Pacs, Pacs], place: Path) -> None:
    """QIDO and WADO metadata give the ImagingStudy that the images themselves give, names whole, and an Endpoint."""
    listed = run(place, "fetch", "dicomweb", "--server", "hospital", "--patient", PATIENT, "--metadata")
    fetched(place)
    read = run(place, "convert", f"{SCENARIO}/dicom")
    told = [{row["resourceType"]: row for row in map(json.loads, done.out.splitlines())} for done in (listed, read)]
    assert ([sorted(each) for each in told], listed.code) == (
        [["Endpoint", "ImagingStudy", "Patient"], ["ImagingStudy", "Patient"]], 0,
    )  # fmt: skip
    assert told[0]["Endpoint"]["address"] == f"{archives[0].http.base}/dicom-web"
    assert told[0]["ImagingStudy"].pop("endpoint") == [{"reference": f"urn:uuid:{told[0]['Endpoint']['id']}"}]
    assert told[0]["ImagingStudy"] == told[1]["ImagingStudy"]
    assert told[0]["Patient"] == told[1]["Patient"]
    assert [name.get("family") for name in told[0]["Patient"]["name"]] == ["Testpatient-Indigo", "測試"]


# --- DIMSE


def test_c_echo(archives: tuple[Pacs, Pacs], place: Path) -> None:
    Peer("center", pacs_named(load_settings(place / "second-opinion.toml", {}), "center")).echo()


@pytest.mark.parametrize("retrieve", ["get", "move"])
def test_c_find_and_retrieval(archives: tuple[Pacs, Pacs], place: Path, retrieve: str) -> None:
    settings(place, archives, retrieve=retrieve)
    got = fetched(place, "dimse")
    assert (got.code, got.json["instances"], got.json["missing"]) == (0, 4, 0)
    files = [path.read_bytes() for path in (place / SCENARIO / "dicom").rglob("*.dcm")]
    there = data_sets(archives[0].content())
    assert set(data_sets(dict(enumerate(files))).values()) <= set(there.values())  # type: ignore[arg-type]
    assert len(files) == 4


def test_c_store(archives: tuple[Pacs, Pacs], place: Path) -> None:
    hospital, center = archives
    fetched(place)
    sent = delivered(place, "--by", "dimse")
    assert sent.code == 0
    assert [(row["here"], row["proof"]) for row in sent.json["instances"]] == [(True, "data set")] * 4
    there = data_sets(center.content())
    assert there == {uid: data for uid, data in data_sets(hospital.content()).items() if uid in there}
    assert len(there) == 4
    assert delivered(place, "--by", "dimse").json["recorded"] == 0


def test_compressed_images_go_as_they_are(archives: tuple[Pacs, Pacs], place: Path, tmp_path: Path) -> None:
    """JPEG 2000 and RLE files of pydicom's own, by C-STORE and back by C-GET."""
    from pydicom.data import get_testdata_file

    from adapter.delivery import dimse

    names = ("JPEG2000.dcm", "MR_small_RLE.dcm", "CT_small.dcm")
    files = {str(pydicom.dcmread(path, stop_before_pixels=True).SOPInstanceUID): Path(path)
             for path in (str(get_testdata_file(name, download=False)) for name in names)}  # fmt: skip
    peer = Peer("center", pacs_named(load_settings(place / "second-opinion.toml", {}), "center"))
    with Journal(tmp_path / "j", "x") as journal:
        done = dimse.deliver_images(made_release(EXAMPLE, images=files), peer, journal)
    assert [(one.here, one.problem) for one in done.outcomes] == [(True, None)] * 3
    assert {one.proof for one in done.outcomes} <= {"data set", "elements"}
    assert len({one.part.syntax for one in done.outcomes}) == 3


# --- when not all goes well


def test_one_bad_instance_in_a_batch(archives: tuple[Pacs, Pacs], place: Path, tmp_path: Path) -> None:
    """Orthanc answers 400 to the whole, and has stored what it could read."""
    center = archives[1]
    files = {}
    for number in range(5):
        uid = f"1.2.3.1.{number + 1}"
        path = write(tmp_path / f"{number}.dcm", dataset(SOPInstanceUID=uid, PixelData=b"\1\2" * 500, BitsAllocated=16))
        files[uid] = path
    cut = files["1.2.3.1.3"]
    cut.write_bytes(cut.read_bytes()[:-600])
    client = Client("center", pacs_named(load_settings(place / "second-opinion.toml", {}), "center"))
    with Journal(tmp_path / "journal", "x") as journal:
        done = deliver_images(made_release(EXAMPLE, images=files), client, journal)
    assert {one.part.uid: (one.here, one.proof) for one in done.outcomes if one.here} == {
        uid: (True, "content") for uid in files if uid != "1.2.3.1.3"
    }
    (bad,) = (one for one in done.outcomes if not one.here)
    assert bad.part.uid == "1.2.3.1.3"
    assert str(bad.problem) == (
        "error: instance 1.2.3.1.3: was not stored: it did not store it (status 400) [dicomweb]"
    )
    assert sorted(center.content()) == sorted(set(files) - {"1.2.3.1.3"})


def test_an_instance_that_is_there_otherwise_is_not_overwritten(
    archives: tuple[Pacs, Pacs], place: Path, tmp_path: Path
) -> None:
    center = archives[1]
    kept = write(tmp_path / "kept.dcm", dataset(StudyDescription="another")).read_bytes()
    assert center.store(kept) == 200
    ours = write(tmp_path / "ours.dcm", dataset())
    client = Client("center", pacs_named(load_settings(place / "second-opinion.toml", {}), "center"))
    with Journal(tmp_path / "journal", "x") as journal:
        done = deliver_images(made_release(EXAMPLE, images={"1.2.3.1.1": ours}), client, journal)
    assert [(one.here, one.ours, one.problem and one.problem.rule) for one in done.outcomes] == [
        (False, False, "deliver.content")
    ]
    assert center.content() == {"1.2.3.1.1": kept}


def many(place: Path, archive: Pacs, number: int) -> dict[str, bytes]:
    """So many images of the case's patient into an archive."""
    made = {}
    person = {
        "SpecificCharacterSet": "ISO_IR 192",
        "PatientID": "IND-000345",
        "PatientName": "Testpatient-Indigo^Mei",
        "PatientBirthDate": "19700228",
    }
    for each in range(number):
        uid = f"2.25.7.{each + 1}"
        ids = {"StudyInstanceUID": "2.25.7", "SeriesInstanceUID": "2.25.7.0", "SOPInstanceUID": uid}
        image = dataset(**person, **ids, InstanceNumber=str(each + 1), PixelData=os.urandom(40_000), BitsAllocated=16)
        made[uid] = write(place / "many.dcm", image).read_bytes()
        assert archive.store(made[uid]) == 200
    (place / "many.dcm").unlink()
    return made


def killed(folder: Path, *arguments: str, when: Any) -> int:
    """Start the program, kill it (-9) as soon as `when()`, and return how it ended."""
    program = [sys.executable, "-c", "from adapter.cli import main; main(prog_name='second-opinion')", *arguments]
    env = {**os.environ, "SECOND_OPINION_LEDGER": f"sqlite:///{folder / 'ledger.sqlite3'}", "HOME": str(folder)}
    env["PYTHONPATH"] = str(Path(__file__).resolve().parents[2])
    running = subprocess.Popen(program, cwd=folder, env=env, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    until = time.monotonic() + 120
    while running.poll() is None and not when() and time.monotonic() < until:
        time.sleep(0.005)
    running.send_signal(signal.SIGKILL)
    return running.wait(30)


def test_killed_while_it_fetches(archives: tuple[Pacs, Pacs], place: Path) -> None:
    made = many(place, archives[0], 250)
    folder = place / SCENARIO / "dicom"
    arguments = ("fetch", "dicomweb", "--server", "hospital", "--study", "2.25.7", "--to", f"{SCENARIO}/dicom")
    code = killed(place, *arguments, when=lambda: len(list(folder.rglob("*.dcm"))) > 60)
    before = {path.name: path.stat().st_mtime_ns for path in folder.rglob("*.dcm")}
    assert (code, 60 < len(before) < 250) == (-9, True)
    state = run(place, "convert", SCENARIO, "--to", "half")
    assert state.code == 4
    assert "says that images are still missing" in (place / "half" / "account.json").read_text()
    done = run(place, *arguments, "--json")
    assert (done.code, done.json["instances"], done.json["missing"]) == (0, 250, 0)
    assert 0 < done.json["new"] <= 250 - len(before) + 32
    files = {path.stem: path.read_bytes() for path in folder.rglob("*.dcm")}
    assert files == made
    assert [path.name for path in folder.rglob(".*")] == []


@pytest.mark.parametrize("by", ["dicomweb", "dimse"])
def test_killed_while_it_delivers(archives: tuple[Pacs, Pacs], place: Path, by: str) -> None:
    hospital, center = archives
    made = many(place, hospital, 120)
    settings(place, archives, batch=4, connections=2)
    assert fetched(place, "dicomweb", "--study", "2.25.7").code == 0

    def count() -> int:
        return int(center.http.get("statistics").body["CountInstances"])

    code = killed(place, "deliver", SCENARIO, "--images", "center", "--by", by, when=lambda: count() > 30)
    half = count()
    assert (code, 30 < half < 120) == (-9, True)
    done = delivered(place, "--by", by)
    assert (done.code, done.json["recorded"]) == (0, 120)
    there = center.content()
    assert data_sets(there) == data_sets(made)
    lines = [json.loads(line) for line in (place / f"{SCENARIO}.center.deliver.jsonl").read_text().splitlines()[1:]]
    sent = Counter(line["uid"] for line in lines if line["event"] == "sending")
    assert set(sent) == set(made)
    assert sum(count - 1 for count in sent.values()) <= 2 * (4 if by == "dicomweb" else 1)  # what was under way
    assert Counter(line["uid"] for line in lines if line["event"] == "proved") == dict.fromkeys(made, 1)
    assert delivered(place, "--by", by).json["recorded"] == 0


def test_the_accounting_has_one_line_for_it(place: Path) -> None:
    fetched(place)
    delivered(place)
    delivered(place)
    done = run(place, "ledger", "disclosures", "--all", "--json", stdin=PATIENT)
    told = [row["description"] for row in done.json["disclosures"]]
    assert told == ["case SYN-2025-0003: images, 4 of 4 instances of 1 imaging study, to an archive"]


def test_bytes_are_hashed_as_they_are(place: Path) -> None:
    fetched(place)
    lines = [json.loads(line) for line in (place / SCENARIO / "dicom.fetch.jsonl").read_text().splitlines()[1:]]
    told = {line["uid"]: line["sha256"] for line in lines if line["event"] == "fetched"}
    files = (place / SCENARIO / "dicom").rglob("*.dcm")
    assert told == {path.stem: hashlib.sha256(path.read_bytes()).hexdigest() for path in files}
    assert lines[-1] == {"event": "complete"}


@pytest.mark.parametrize("retrieve", ["move", "get"])
def test_killed_while_it_is_sent_to_us_by_dimse(archives: tuple[Pacs, Pacs], place: Path, retrieve: str) -> None:
    """C-MOVE and C-GET, killed half-way: the next run has the rest sent, and nothing of either is left lying."""
    made = many(place, archives[0], 120)
    settings(place, archives, retrieve=retrieve)
    folder = place / SCENARIO / "dicom"
    arguments = ("fetch", "dimse", "--server", "hospital", "--study", "2.25.7", "--to", f"{SCENARIO}/dicom")

    def here() -> list[Path]:
        return [path for path in folder.rglob("*.dcm") if ".incoming-" not in str(path)]

    code = killed(place, *arguments, when=lambda: len(here()) > 40)
    half = len(here())
    assert (code, 40 < half < 120) == (-9, True)
    done = run(place, *arguments, "--json")
    assert (done.code, done.json["instances"], done.json["missing"]) == (0, 120, 0)
    assert 120 - half <= done.json["new"] <= 120 - half + 32
    assert data_sets({path.stem: path.read_bytes() for path in here()}) == data_sets(made)
    assert list(folder.rglob(".*")) == []
    lines = [json.loads(line) for line in (place / SCENARIO / "dicom.fetch.jsonl").read_text().splitlines()[1:]]
    assert Counter(line["uid"] for line in lines if line["event"] == "fetched") == dict.fromkeys(made, 1)
