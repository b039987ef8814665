"""FHIR packages read at run time: what is taken from them, and what is refused."""

import io
import json
import pathlib
import tarfile
from typing import Any

import pytest

from adapter.validation import facts, packages
from adapter.validation.facts import Definitions
from mappings.problems import Problem, ProblemError

BASE = "http://example.org/fhir"
PATIENT = "http://hl7.org/fhir/us/core/StructureDefinition/us-core-patient"


def profile(**more: Any) -> dict[str, Any]:
    return {
        "resourceType": "StructureDefinition", "url": f"{BASE}/StructureDefinition/p", "version": "1.2.3",
        "fhirVersion": "4.0.1", "kind": "resource", "type": "Patient", "derivation": "constraint",
        "baseDefinition": PATIENT,
        "differential": {"element": [{"id": "Patient.birthDate", "path": "Patient.birthDate", "min": 1}]},
        **more,
    }  # fmt: skip


SYSTEM = {
    "resourceType": "CodeSystem", "url": f"{BASE}/CodeSystem/c", "content": "complete", "concept": [{"code": "a"}],
}  # fmt: skip
CODES = {
    "resourceType": "ValueSet",
    "url": f"{BASE}/ValueSet/v",
    "compose": {
        "include": [
            {"system": f"{BASE}/CodeSystem/c"},
            {"valueSet": ["http://hl7.org/fhir/ValueSet/administrative-gender"]},
        ]
    },
}


def archive(path: pathlib.Path, members: dict[str, bytes | tarfile.TarInfo]) -> pathlib.Path:
    with tarfile.open(path, "w:gz") as made:
        for name, content in members.items():
            if isinstance(content, tarfile.TarInfo):
                made.addfile(content)
            else:
                info = tarfile.TarInfo(name)
                info.size = len(content)
                made.addfile(info, io.BytesIO(content))
    return path


def package(path: pathlib.Path, *resources: Any) -> pathlib.Path:
    return archive(path, {f"package/r{n}.json": json.dumps(each).encode() for n, each in enumerate(resources)})


def layered(path: pathlib.Path) -> Definitions:
    return facts.definitions().with_package(path)


def refused(path: pathlib.Path) -> Problem:
    with pytest.raises(ProblemError) as raised:
        layered(path)
    (found,) = raised.value.problems
    assert (found.rule, found.where.partition(" ")[0], found.severity) == ("fhir.package", path.name, "error")
    return found


def test_a_package_lies_over_the_built_in_definitions(tmp_path: pathlib.Path) -> None:
    held = layered(package(tmp_path / "p.tgz", profile(), SYSTEM, CODES))
    found = held.profile(f"{BASE}/StructureDefinition/p|1.2.3")
    assert found is not None
    assert found.chain == (PATIENT, "http://hl7.org/fhir/StructureDefinition/Patient")
    assert (found.root.children["birthDate"].min, found.root.children["identifier"].min) == (1, 1)
    codes = held.value_set(f"{BASE}/ValueSet/v")
    assert codes is not None
    assert codes.verdict(f"{BASE}/CodeSystem/c", "a") is True
    assert codes.verdict("http://hl7.org/fhir/administrative-gender", "male") is True
    assert codes.verdict("http://hl7.org/fhir/administrative-gender", "man") is False
    assert facts.definitions().profile(f"{BASE}/StructureDefinition/p") is None
    assert facts.definitions().value_set(f"{BASE}/ValueSet/v") is None


def test_a_package_may_replace_what_is_built_in(tmp_path: pathlib.Path) -> None:
    newer = profile(url=PATIENT, version="8.0.0", baseDefinition="http://hl7.org/fhir/StructureDefinition/Patient")
    held = layered(package(tmp_path / "p.tgz", newer))
    found = held.profile(PATIENT)
    assert found is not None
    assert (found.version, set(found.root.children)) == ("8.0.0", {"birthDate"})
    below = held.profile("http://hl7.org/fhir/us/mcode/StructureDefinition/mcode-cancer-patient")
    assert below is not None
    assert "birthDate" in below.root.children


def test_a_snapshot_alone_says_what_the_base_type_does_not(tmp_path: pathlib.Path) -> None:
    elements = [
        {"id": "Patient", "path": "Patient", "min": 0, "max": "*"},
        {"id": "Patient.active", "path": "Patient.active", "min": 0, "max": "1", "type": [{"code": "boolean"}]},
        {"id": "Patient.name", "path": "Patient.name", "min": 0, "max": "2", "type": [{"code": "HumanName"}]},
    ]
    only = profile(snapshot={"element": elements})
    del only["differential"]
    found = layered(package(tmp_path / "p.tgz", only)).profile(f"{BASE}/StructureDefinition/p")
    assert found is not None
    assert "active" not in found.root.children
    assert found.root.children["name"].max == 2


def test_slice_names_do_for_ids(tmp_path: pathlib.Path) -> None:
    elements = [
        {"path": "Patient"},
        {"path": "Patient.identifier", "slicing": {"discriminator": [{"type": "value", "path": "system"}]}},
        {"path": "Patient.identifier", "sliceName": "mrn", "min": 1},
        {"path": "Patient.identifier.system", "fixedUri": "urn:mrn"},
        {"path": "Patient.identifier", "sliceName": "ssn", "max": "1"},
        {"path": "Patient.identifier.system", "fixedUri": "urn:ssn"},
        {"path": "Patient.deceasedBoolean", "fixedBoolean": False},
    ]
    found = layered(package(tmp_path / "p.tgz", profile(differential={"element": elements}))).profile(
        f"{BASE}/StructureDefinition/p"
    )
    assert found is not None
    slices = found.root.children["identifier"].slices
    assert {name: each.children["system"].fixed for name, each in slices.items()} == {
        "mrn": {"kind": "uri", "value": "urn:mrn"},
        "ssn": {"kind": "uri", "value": "urn:ssn"},
    }
    deceased = found.root.children["deceased[x]"]
    assert [each.code for each in deceased.types] == ["boolean"]
    assert deceased.fixed == {"kind": "boolean", "value": False}


def test_a_base_that_is_not_held_or_never_ends_gives_no_profile(tmp_path: pathlib.Path) -> None:
    url = f"{BASE}/StructureDefinition/p"
    missing = layered(package(tmp_path / "a.tgz", profile(baseDefinition=f"{BASE}/StructureDefinition/none")))
    assert missing.profile(url) is None
    circle = layered(package(tmp_path / "b.tgz", profile(baseDefinition=url)))
    assert circle.profile(url) is None


def test_a_folder_of_artefacts_is_read_too(tmp_path: pathlib.Path) -> None:
    (tmp_path / "StructureDefinition-p.json").write_text(json.dumps(profile()))
    (tmp_path / "package.json").write_text('{"name": "p"}')
    (tmp_path / ".index.json").write_text("not JSON")
    (tmp_path / "README.md").write_text("p")
    assert layered(tmp_path).profile(f"{BASE}/StructureDefinition/p") is not None


def test_an_archive_and_a_folder_have_one_digest(tmp_path: pathlib.Path) -> None:
    folder = tmp_path / "f" / "package"
    folder.mkdir(parents=True)
    (folder / "r0.json").write_text(json.dumps(SYSTEM))
    other = package(tmp_path / "p.tgz", SYSTEM)
    assert packages.read(folder.parent).digest == packages.read(folder).digest == packages.read(other).digest


def test_real_packages_are_read(shared: pathlib.Path) -> None:
    held = layered(shared / "fhir-packages" / "ihe.rad.imr-1.1.0.tgz")
    found = held.profile("https://profiles.ihe.net/RAD/IMR/StructureDefinition/imr-diagnosticreport")
    assert found is not None
    assert found.type == "DiagnosticReport"


def test_only_files_of_the_package_folder_are_read(tmp_path: pathlib.Path) -> None:
    bad = b'{"resourceType": "StructureDefinition", broken'
    link = tarfile.TarInfo("package/link.json")
    link.type, link.linkname = tarfile.SYMTYPE, "/etc/passwd"
    members: dict[str, bytes | tarfile.TarInfo] = {
        "package/r.json": json.dumps(profile()).encode(),
        "package/link.json": link,
        "package/example/e.json": bad,
        "../package/x.json": bad,
        "/package/y.json": bad,
        "package/other/../z.json": bad,
        "package/.index.json": bad,
    }
    assert layered(archive(tmp_path / "p.tgz", members)).profile(f"{BASE}/StructureDefinition/p") is not None


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"", "is an empty file: get the package again"),
        (b"not gzip", "is no FHIR package: give a .tgz or a folder of JSON artefacts"),
        (b"\x1f\x8b\x08\x00" + bytes(40), "is damaged or cut off: get the package again"),
    ],
)
def test_what_is_no_archive_is_refused(tmp_path: pathlib.Path, data: bytes, message: str) -> None:
    path = tmp_path / "p.tgz"
    path.write_bytes(data)
    assert refused(path).message == message


def test_a_folder_of_packages_is_none(tmp_path: pathlib.Path) -> None:
    package(tmp_path / "p.tgz", profile())
    assert refused(tmp_path).message == "holds packages, not artefacts: name each .tgz by a --package of its own"


@pytest.mark.parametrize("data", [b'{"resourceType": "ValueSet"', b"\xff\xfe{", "{}".encode("utf-16")])
def test_a_file_that_cannot_be_read_is_named(tmp_path: pathlib.Path, data: bytes) -> None:
    good = json.dumps(profile()).encode()
    found = refused(archive(tmp_path / "p.tgz", {"package/a.json": good, "package/b.json": data}))
    assert found.where == "p.tgz b.json"
    assert found.message == "is not JSON as FHIR has it: mend it, or take it out of the package"


def test_a_value_set_without_url_is_told(tmp_path: pathlib.Path) -> None:
    bare = {name: value for name, value in CODES.items() if name != "url"}
    (found,) = layered(package(tmp_path / "p.tgz", profile(), bare)).problems
    assert (found.severity, found.where) == ("warning", "p.tgz r1.json")
    assert found.message.startswith("has no url")


@pytest.mark.parametrize("path", ["Patient.maritalState", "Patient.name.sur", "Observation.code", "Patient.deceased"])
def test_a_path_that_the_type_does_not_have_is_refused(tmp_path: pathlib.Path, path: str) -> None:
    wrong = profile(differential={"element": [{"id": path, "path": path, "min": 1}]})
    found = refused(package(tmp_path / "p.tgz", profile(url="urn:a"), wrong))
    assert found.where == "p.tgz r1.json"
    assert f"constrains {path}, which R4 does not have" in found.message


def test_a_structure_that_says_no_derivation_is_refused(tmp_path: pathlib.Path) -> None:
    bare = profile()
    del bare["derivation"]
    assert refused(package(tmp_path / "p.tgz", bare)).message.startswith("says no derivation")


def test_a_cut_archive_and_a_missing_one_are_refused(tmp_path: pathlib.Path) -> None:
    whole = package(tmp_path / "p.tgz", profile(), {**SYSTEM, "x": [str(n) for n in range(5000)]})
    whole.write_bytes(whole.read_bytes()[:2000])
    assert refused(whole).code == "structure"
    assert refused(tmp_path / "none.tgz").code == "structure"


def test_a_package_larger_than_any_is_refused(tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(packages, "MAX_BYTES", 20_000)
    path = package(tmp_path / "p.tgz", {**SYSTEM, "x": "0" * 100_000})
    assert path.stat().st_size < 2000
    assert refused(path).code == "structure"


def test_a_package_of_too_many_members_is_refused(tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(packages, "MAX_MEMBERS", 2)
    assert refused(package(tmp_path / "p.tgz", SYSTEM, SYSTEM, SYSTEM)).code == "structure"


def test_another_version_of_fhir_is_refused(tmp_path: pathlib.Path) -> None:
    found = refused(package(tmp_path / "p.tgz", profile(fhirVersion="5.0.0")))
    assert found.message == "is made for another version of FHIR than R4 (4.0.1)"


def test_a_package_without_definitions_is_refused(tmp_path: pathlib.Path) -> None:
    assert refused(package(tmp_path / "p.tgz", {"resourceType": "SearchParameter"})).code == "not-found"


def element(**more: Any) -> dict[str, Any]:
    return profile(differential={"element": [{"id": "Patient.name", "path": "Patient.name", **more}]})


@pytest.mark.parametrize(
    "resource",
    [
        {"resourceType": "StructureDefinition", "derivation": "constraint", "kind": "resource"},
        profile(differential={"element": [{"id": "Patient.name"}]}),
        profile(differential={"element": "Patient.name"}),
        profile(differential={"element": [{"path": "Patient" + ".name" * 3000, "min": 1}]}),
        profile(type=3),
        profile(baseDefinition=None),
        element(min="one"),
        element(min=[1]),
        element(max="many"),
        element(type=[{"code": "HumanName", "targetProfile": 3}]),
        element(type=[{"code": ["HumanName"]}]),
        element(binding={"strength": "strong", "valueSet": "urn:x"}),
        element(binding={"strength": "required", "valueSet": 3}),
        element(constraint=[{"key": "k", "expression": 3}]),
        element(constraint=[{"key": "k", "expression": "true", "severity": "loud"}]),
        element(slicing={"discriminator": [{"type": "colour", "path": "use"}]}),
        element(slicing={"discriminator": [{"type": "value"}]}),
        element(slicing={"rules": "shut"}),
        element(maxLength="x"),
        profile(type="Extension", context=[{"type": 3, "expression": "Patient"}]),
        profile(type="Extension", context=["Patient"]),
        {**SYSTEM, "concept": [{"display": "a"}]},
        {**SYSTEM, "concept": [3]},
        {**CODES, "compose": {"include": [3]}},
    ],
)
def test_a_definition_that_is_none_of_r4_is_refused(tmp_path: pathlib.Path, resource: Any) -> None:
    found = refused(package(tmp_path / "p.tgz", resource))
    assert (found.where, found.message) == ("p.tgz r0.json", "holds a definition that does not follow FHIR R4")


def test_text_that_is_not_json_is_refused(tmp_path: pathlib.Path) -> None:
    path = archive(tmp_path / "p.tgz", {"package/r.json": b'{"resourceType": "ValueSet", "url": }'})
    assert refused(path).where == "p.tgz r.json"
