"""The package file: the same bytes twice, whole, indexed, and nothing of this machine in it."""

import gzip
import io
import json
import tarfile
from pathlib import Path
from typing import Any

import pytest

from adapter import package_file
from adapter.validation import facts


def held(data: bytes) -> dict[str, bytes]:
    """What a `.tgz` holds."""
    with tarfile.open(fileobj=io.BytesIO(data), mode="r:gz") as tar:
        read = {member.name: tar.extractfile(member) for member in tar.getmembers()}
        return {name: file.read() for name, file in read.items() if file is not None}


def test_what_cannot_be_written_is_one_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert package_file.main([str(tmp_path / "none" / "p.tgz")]) == 1
    assert capsys.readouterr().err == f"error: No such file or directory: {tmp_path}/none/p.tgz\n"


def test_a_file_that_is_no_json_is_named(tmp_path: Path) -> None:
    (tmp_path / "package.json").write_text("{}")
    (tmp_path / "ValueSet-v.json").write_text("{")
    with pytest.raises(ValueError, match=r"^ValueSet-v\.json is not JSON: mend it"):
        package_file.members(tmp_path)


def test_twice_gives_the_same_bytes(tmp_path: Path) -> None:
    one = package_file.build(tmp_path / "one.tgz").read_bytes()
    other = package_file.build(tmp_path / "other.tgz").read_bytes()
    assert one == other
    assert one[4:8] == bytes(4), "no time in the header of gzip"


def test_no_member_knows_this_machine(tmp_path: Path) -> None:
    path = package_file.build(tmp_path / "package.tgz")
    with tarfile.open(path) as tar:
        about = {(m.mtime, m.uid, m.gid, m.uname, m.gname, m.mode, m.isfile()) for m in tar.getmembers()}
    assert about == {(0, 0, 0, "", "", 0o644, True)}


def test_it_holds_what_the_folder_holds(tmp_path: Path) -> None:
    files = held(package_file.build(tmp_path / "package.tgz").read_bytes())
    folder = package_file.FOLDER
    artefacts = {f"package/{path.name}" for path in folder.glob("*-*.json")}
    examples = {f"package/example/{path.name}" for path in (folder / "examples").glob("*.json")}
    assert len(artefacts) > 240
    assert len(examples) > 25
    indices = {"package/package.json", "package/.index.json", "package/example/.index.json"}
    assert set(files) == artefacts | examples | indices
    request = "StructureDefinition-second-opinion-request.json"
    assert files[f"package/{request}"] == (folder / request).read_bytes()


def test_the_index_names_every_artefact(tmp_path: Path) -> None:
    files = held(package_file.build(tmp_path / "package.tgz").read_bytes())
    index: Any = json.loads(files["package/.index.json"])
    assert index["index-version"] == 2
    by_name = {row["filename"]: row for row in index["files"]}
    assert by_name["StructureDefinition-second-opinion-request.json"] == {
        "filename": "StructureDefinition-second-opinion-request.json",
        "resourceType": "StructureDefinition",
        "id": "second-opinion-request",
        "url": "https://w3id.org/second-opinion/fhir/StructureDefinition/second-opinion-request",
        "version": "0.1.0",
        "kind": "resource",
        "type": "ServiceRequest",
    }
    assert {f"package/{name}" for name in by_name} == {
        name for name in files if name.count("/") == 1 and name.endswith(".json") and "-" in name
    }


def test_it_says_on_what_it_depends() -> None:
    about: Any = json.loads(package_file.members()["package.json"])
    assert about["name"] == "second-opinion.fhir"
    assert {"hl7.fhir.r4.core", "hl7.fhir.us.core", "hl7.fhir.us.mcode"} <= set(about["dependencies"])


def test_our_own_validator_reads_it(tmp_path: Path) -> None:
    path = package_file.build(tmp_path / "package.tgz")
    url = "https://w3id.org/second-opinion/fhir/StructureDefinition/second-opinion-request"
    profile = facts.definitions().with_package(path).profile(url)
    assert profile is not None
    assert profile.type == "ServiceRequest"


@pytest.mark.parametrize(
    ("name", "text", "message"),
    [
        ("ValueSet-a.json", '{"resourceType": "ValueSet", "id": "b"}', "must be named after the resource in it"),
        ("notes-a.json", '{"a": 1}', "is no FHIR resource"),
    ],
)
def test_a_file_that_does_not_belong_is_refused(tmp_path: Path, name: str, text: str, message: str) -> None:
    (tmp_path / "package.json").write_text("{}")
    (tmp_path / name).write_text(text)
    with pytest.raises(ValueError, match=message):
        package_file.members(tmp_path)


def test_the_command_says_what_it_wrote(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "out.tgz"
    assert package_file.main([str(path)]) == 0
    assert capsys.readouterr().out.startswith(f"{path}: ")
    assert gzip.decompress(path.read_bytes())[:20] == b"package/package.json"


@pytest.mark.parametrize("arguments", [["--force"], ["a.tgz", "b.tgz"]])
def test_a_wrong_call_is_refused(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert package_file.main(arguments) == 2
    assert capsys.readouterr().err.startswith("usage: ")
