"""Real inputs that nobody here wrote: the main job on them, and convert over every folder to the end."""

import collections
import datetime as dt
import json
import os
import pathlib
import re
import shutil
from typing import Any

import pytest

from adapter.convert import convert
from adapter.delivery.verify import verify
from mappings.identity import DEFAULT_NAMESPACE
from mappings.problems import ProblemError
from tests.golden import NOW, export

JOHN = "Patient/cancer-patient-john-anyperson"
KNOWN_AS = [
    {
        "identifiers": [{"system": "urn:oid:2.25.1", "value": "DEV"}],
        "names": [{"family": "Test", "given": ["Regression"]}],
    }
]
FOLDERS = (
    "bad-fhir",
    "bad-json",
    "ccda",
    "dicom",
    "fhir-bser",
    "fhir-cdex",
    "fhir-mcode",
    "fhir-r4-core",
    "fhir-uscore",
    "hl7v2",
    "synthea-r4",
)


def case_of(known_as: list[dict[str, Any]]) -> dict[str, Any]:
    return {
        "id": "real-1",
        "patient": {
            "identifiers": [{"system": "http://hospital.example.org", "value": "m123", "kind": "MR"}],
            "names": [{"family": "Anyperson", "given": ["John", "B."]}],
            "birth_date": "1951-01-20",
            "known_as": known_as,
        },
        "holder": "hospital",
        "organizations": [
            {"id": "hospital", "name": "Example Hospital"},
            {"id": "center", "name": "Review Center", "kind": "review_center"},
        ],
        "practitioners": [{"id": "oncologist", "names": [{"family": "Anydoc"}]}],
        "request": {
            "id": "request",
            "scope": "multidisciplinary",
            "reasons": ["diagnostic-discordance"],
            "question": "Is the stage right?",
            "authored_on": "2026-03-02",
            "requester": "oncologist",
            "performer": "center",
        },
        "access": {
            "id": "access",
            "pathway": "disclosure",
            "requester": "referring_physician",
            "recipient": "review_center",
            "recipient_party": "center",
            "recipient_is_provider": True,
            "purpose": "treatment",
            "identity_verified": True,
            "authority_verified": True,
        },
    }


def folder_of(shared: pathlib.Path, place: pathlib.Path, known_as: list[dict[str, Any]]) -> pathlib.Path:
    """The mCODE examples of one patient and a GE phantom's images, as two departments would hand them over."""
    (place / "fhir").mkdir(parents=True)
    for file in sorted((shared / "data" / "fhir-mcode").glob("*.json")):
        text = file.read_text(encoding="utf-8")
        if JOHN in text or "cancer-patient-john" in text or '"Practitioner"' in text[:200]:
            shutil.copy(file, place / "fhir" / file.name)
    shutil.copytree(shared / "data" / "dicom" / "mr-two-series", place / "mr-two-series")
    (place / "case.json").write_text(json.dumps(case_of(known_as)), encoding="utf-8")
    return place


@pytest.fixture(scope="module")
def exported(shared: pathlib.Path, tmp_path_factory: pytest.TempPathFactory) -> Any:
    root = tmp_path_factory.mktemp("real")
    case = folder_of(shared, root / "case", KNOWN_AS)
    done = export(case, root / "out", NOW)
    return case, root / "out", done


def test_two_persons_in_one_folder_stop_the_case_and_its_files_are_named_and_counted(
    shared: pathlib.Path, tmp_path: pathlib.Path
) -> None:
    case = folder_of(shared, tmp_path / "case", [])
    with pytest.raises(ProblemError) as caught:
        export(case, tmp_path / "out", NOW)
    [found] = caught.value.problems
    images = sorted(p.relative_to(case).as_posix() for p in (case / "mr-two-series").rglob("*.dcm"))
    assert found.where == f"{', '.join(images[:3])} and {len(images) - 3} more below mr-two-series/"
    assert len(images) == 40
    assert found.rule == "case.person"
    assert not any(value in str(caught.value) for value in ("DEV", "Regression", "Anyperson", "m123", "1951"))
    assert sorted(p.name for p in tmp_path.iterdir()) == ["case"]


def test_every_file_is_on_the_account(exported: Any) -> None:
    case, _, done = exported
    files = {p.relative_to(case).as_posix() for p in case.rglob("*") if p.is_file()} - {"case.json"}
    assert {unit.source for unit in done.account.units} == files
    outcomes = collections.Counter(unit.outcome for unit in done.account.units)
    assert outcomes == {"mapped": 63, "withheld": 2}
    withheld = [unit for unit in done.account.units if unit.outcome == "withheld"]
    assert [unit.source for unit in withheld] == [
        "mr-two-series/mr_0004/README-Series.txt",
        "mr-two-series/mr_0006/README-Series.txt",
    ]
    assert {p.rule for unit in withheld for p in unit.problems} == {"case.undeclared"}


def test_the_observation_that_is_not_there_is_listed(exported: Any) -> None:
    _, _, done = exported
    listed = [p.where for unit in done.account.units for p in unit.problems if p.rule == "case.reference"]
    assert listed == [
        "fhir/Observation-tnm-clinical-stage-group-3c.json -> Observation/tnm-clinical-distant-metastases-category-cM0"
    ]


def pieces(text: str) -> list[str]:
    """The JSON text as its tokens: white space between them apart, every character of strings and numbers kept."""
    return re.findall(r'"(?:[^"\\]|\\.)*"|[^\s"]', text)


def test_carried_resources_equal_the_originals_token_by_token(exported: Any) -> None:
    case, out, _ = exported
    bundle = "".join(pieces((out / "bundle.json").read_text(encoding="utf-8")))
    originals = sorted((case / "fhir").glob("*.json"))
    assert len(originals) == 23
    for original in originals:
        value = json.loads(original.read_text(encoding="utf-8"), parse_float=Raw, parse_int=Raw)
        assert write(value) in bundle


class Raw(str):
    """A number as it was written."""


def write(value: Any) -> str:
    """The canonical text of a JSON value, independent of the code under test."""
    if isinstance(value, Raw):
        return str.__str__(value)
    if isinstance(value, dict):
        return "{" + ",".join(f"{json.dumps(k, ensure_ascii=False)}:{write(v)}" for k, v in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ",".join(map(write, value)) + "]"
    return json.dumps(value, ensure_ascii=False)


def test_the_bundle_is_intact_and_holds_the_images(exported: Any) -> None:
    _, out, _ = exported
    found = verify(out)
    assert found.problems == ()
    assert len([p for p in (out / "DICOM").rglob("*") if p.is_file()]) == 40


@pytest.mark.parametrize("folder", FOLDERS)
def test_convert_runs_to_the_end(shared: pathlib.Path, folder: str) -> None:
    root = shared / "data" / folder
    done = convert([root], DEFAULT_NAMESPACE, dt.date(2026, 3, 16))
    files = {f"{folder}/{p.relative_to(root).as_posix()}" for p in root.rglob("*") if p.is_file()}
    assert {unit.source.split("#")[0] for unit in done.account.units} == files
    persons = {key: bundle for key, bundle in done.bundles.items() if key != "unassigned"}
    for bundle in persons.values():
        patients = [e for e in bundle["entry"] if e["resource"]["resourceType"] == "Patient"]
        assert len(patients) == 1
    silent = [u.source for u in done.account.units if u.outcome == "refused" and not u.problems]
    assert silent == []
    homeless = [u.source for u in done.account.units if u.outcome in ("mapped", "kept") and not u.resources]
    assert homeless == []


def test_every_folder_of_real_inputs_is_converted(shared: pathlib.Path) -> None:
    assert tuple(sorted(p for p in os.listdir(shared / "data") if (shared / "data" / p).is_dir())) == (
        "LICENSES",
        *FOLDERS,
    )
