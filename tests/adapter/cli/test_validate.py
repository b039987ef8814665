"""validate: JSON, NDJSON and XML, with the line; packages and profiles on request."""

import io
import json
import os
import re
import tarfile
import threading
from pathlib import Path
from typing import Any

import pytest

from tests.adapter.cli.command import FIXTURES, Done, run

XML = """<?xml version="1.0"?>
<Patient xmlns="http://hl7.org/fhir">
  <!-- a comment -->
  <active value="true"/>
  <gender value="Zebulon"/>
  <birthDate value="1970-13"/>
  <activ value="Zebulon"/>
</Patient>
"""
GOOD = '{"resourceType": "Patient", "active": true}'


def lines(done: Done) -> list[list[str]]:
    """File, severity, FHIRPath and rule of each line."""
    assert re.fullmatch(r"\d+ resources? in \d+ files?: .*\n", done.err)
    return [line.split("\t")[:4] for line in done.out.splitlines()]


def put(folder: Path, **files: str) -> Path:
    folder.mkdir(exist_ok=True)
    for name, text in files.items():
        (folder / name.replace("_", ".")).write_text(text, encoding="utf-8")
    return folder


def test_xml_is_validated_with_its_lines(tmp_path: Path) -> None:
    put(tmp_path, p_xml=XML)
    done = run(tmp_path, "validate", "p.xml")
    assert done.code == 1
    assert lines(done) == [
        ["p.xml:5", "error", "Patient.gender", "fhir.binding"],
        ["p.xml:6", "error", "Patient.birthDate", "fhir.primitive.date"],
        ["p.xml:7", "error", "Patient", "fhir.element"],
    ]
    assert "Zebulon" not in done.out
    told = run(tmp_path, "validate", "p.xml", "--warnings")
    assert lines(told)[0] == ["p.xml", "information", "$", "fhir.xml.comment"]


def test_an_id_beside_a_value_is_no_fault_and_alone_it_is(tmp_path: Path) -> None:
    put(tmp_path, a_xml='<Patient xmlns="http://hl7.org/fhir"><active id="a" value="true"/></Patient>')
    put(tmp_path, b_xml='<Patient xmlns="http://hl7.org/fhir"><active id="a"/></Patient>')
    assert run(tmp_path, "validate", "a.xml").code == 0
    assert lines(run(tmp_path, "validate", "b.xml")) == [["b.xml:1", "error", "Patient.active", "ele-1"]]


def test_json_output_has_the_line_apart(tmp_path: Path) -> None:
    put(tmp_path, p_json='{"resourceType": "Patient",\n "active": true,\n "gender": "Zebulon"}')
    done = run(tmp_path, "validate", "p.json", "--json")
    assert done.code == 1
    assert {name: done.json[name] for name in ("file", "line", "severity", "where", "rule")} == {
        "file": "p.json",
        "line": 3,
        "severity": "error",
        "where": "Patient.gender",
        "rule": "fhir.binding",
    }
    assert set(done.json) == {"file", "line", "severity", "where", "rule", "message"}


def test_problems_stand_in_the_order_of_the_file(tmp_path: Path) -> None:
    text = '{"resourceType": "Patient",\n"birthDate": "x",\n"contact": [{}],\n"gender": "x",\n"active": 1}'
    put(tmp_path, p_json=text)
    assert [line[0] for line in lines(run(tmp_path, "validate", "p.json"))] == [
        "p.json:2",
        "p.json:3",
        "p.json:4",
        "p.json:5",
    ]


def test_ndjson_says_the_line(tmp_path: Path) -> None:
    put(tmp_path, p_ndjson=f'{GOOD}\n\n{{"resourceType": "Patient", "gender": "x"}}\n{{"a": 1}}\n{{"a"\n{GOOD}\n')
    assert lines(run(tmp_path, "validate", "p.ndjson")) == [
        ["p.ndjson:3", "error", "Patient.gender", "fhir.binding"],
        ["p.ndjson:4", "error", "$", "fhir.type"],
        ["p.ndjson:5", "error", "line 5 column 5", "fhir.json"],
    ]


def test_a_name_that_promises_json_or_xml_is_held_to_it(tmp_path: Path) -> None:
    put(tmp_path / "in", a_json="words", b_xml="words", c_ndjson="", d_txt="words")
    assert lines(run(tmp_path, "validate", "in")) == [
        ["in/a.json:1", "error", "line 1 column 1", "fhir.json"],
        ["in/b.xml:1", "error", "line 1 column 1", "fhir.xml"],
        ["in/c.ndjson:1", "error", "line 1 column 1", "fhir.json"],
    ]


def test_xml_of_a_wrong_namespace_is_told_where_the_root_is_a_resource(tmp_path: Path) -> None:
    patient = '<Patient xmlns="http://hl7.org/fhir1"/>'
    put(tmp_path / "in", a_xml=patient, b_xml='<a xmlns="urn:b"/>', c_xml='<ClinicalDocument xmlns="urn:hl7-org:v3"/>')
    assert lines(run(tmp_path, "validate", "in")) == [["in/a.xml:1", "error", "line 1", "fhir.xml.namespace"]]
    assert lines(run(tmp_path, "validate", "in/b.xml")) == [["in/b.xml:1", "error", "line 1", "fhir.xml.namespace"]]
    assert lines(run(tmp_path, "validate", "in/c.xml")) == [["in/c.xml", "error", "$", "fhir.json"]]


def test_xml_on_stdin(tmp_path: Path) -> None:
    assert lines(run(tmp_path, "validate", "-", stdin=XML))[0] == [
        "stdin:5",
        "error",
        "Patient.gender",
        "fhir.binding",
    ]


def test_a_file_name_cannot_fake_a_line(tmp_path: Path) -> None:
    (tmp_path / "a\n\tb.json").write_text("{", encoding="utf-8")
    done = run(tmp_path, "validate", tmp_path)
    assert len(done.out.splitlines()) == 1


# --- packages and profiles

URL = "http://example.org/StructureDefinition/born"


def profile(kind: str = "Patient", element: str = "birthDate") -> dict[str, Any]:
    return {
        "resourceType": "StructureDefinition",
        "url": URL,
        "name": "Born",
        "status": "active",
        "kind": "resource",
        "abstract": False,
        "type": kind,
        "baseDefinition": f"http://hl7.org/fhir/StructureDefinition/{kind}",
        "derivation": "constraint",
        "differential": {
            "element": [{"id": f"{kind}.{element}", "path": f"{kind}.{element}", "min": 1}],
        },
    }


def package(place: Path, **artefacts: Any) -> Path:
    """A FHIR package as the registry has them."""
    held = {"package.json": {"name": "example", "version": "1.0.0"}}
    held |= {f"{name}.json": value for name, value in artefacts.items()}
    with tarfile.open(place, "w:gz") as archive:
        for name, value in held.items():
            data = json.dumps(value).encode()
            entry = tarfile.TarInfo(f"package/{name}")
            entry.size = len(data)
            archive.addfile(entry, io.BytesIO(data))
    return place


def test_a_profile_of_a_package_counts_where_it_is_claimed(tmp_path: Path) -> None:
    package(tmp_path / "p.tgz", born=profile())
    claimed = json.dumps({"resourceType": "Patient", "meta": {"profile": [URL]}, "active": True})
    put(tmp_path, a_json=claimed, b_json=GOOD)
    assert lines(run(tmp_path, "validate", "a.json")) == [
        ["a.json:1", "error", "Patient.meta.profile[0]", "fhir.profile-unknown"]
    ]
    assert lines(run(tmp_path, "validate", "a.json", "b.json", "--package", "p.tgz")) == [
        ["a.json:1", "error", "Patient.birthDate", "fhir.cardinality"]
    ]


def test_a_profile_that_is_named_is_judged_by_as_if_claimed(tmp_path: Path) -> None:
    package(tmp_path / "p.tgz", born=profile())
    put(tmp_path, b_json=GOOD, c_xml='<Patient xmlns="http://hl7.org/fhir"><active value="true"/></Patient>')
    done = run(tmp_path, "validate", "b.json", "c.xml", "--package", "p.tgz", "--profile", URL)
    assert done.code == 1
    assert [line[2] for line in lines(done)] == ["Patient.birthDate", "Patient.birthDate"]


def test_profiles_that_come_with_us_need_no_package(tmp_path: Path) -> None:
    put(tmp_path, b_json=GOOD)
    us_core = "http://hl7.org/fhir/us/core/StructureDefinition/us-core-patient"
    done = run(tmp_path, "validate", "b.json", "--profile", us_core)
    assert done.code == 1
    assert {"Patient.identifier", "Patient.name", "Patient.gender"} <= {line[2] for line in lines(done)}


def test_a_profile_that_nobody_knows_is_a_usage_error(tmp_path: Path) -> None:
    put(tmp_path, b_json=GOOD)
    done = run(tmp_path, "validate", "b.json", "--profile", URL)
    assert done.code == 2
    assert "--package" in done.err


@pytest.mark.parametrize("content", [b"", b"words", b"{}"])
def test_what_is_no_package_is_refused(tmp_path: Path, content: bytes) -> None:
    put(tmp_path, b_json=GOOD)
    (tmp_path / "p.tgz").write_bytes(content)
    done = run(tmp_path, "validate", "b.json", "--package", "p.tgz")
    assert (done.code, done.out) == (1, "")
    assert done.err.startswith("error: p.tgz: ")
    assert done.err.endswith("[fhir.package]\n")


def test_a_profile_is_asked_of_each_resource_of_its_type(tmp_path: Path) -> None:
    package(tmp_path / "p.tgz", born=profile())
    entries = [
        {"fullUrl": "urn:uuid:0c3151bd-1cbf-4d64-b04d-cd9187a4c6e0", "resource": {"resourceType": "Basic", "code": {}}},
        {"fullUrl": "urn:uuid:0c3151bd-1cbf-4d64-b04d-cd9187a4c6e1", "resource": json.loads(GOOD)},
    ]
    entries[0]["resource"] = {"resourceType": "Basic", "code": {"text": "x"}}
    put(tmp_path, b_json=json.dumps({"resourceType": "Bundle", "type": "collection", "entry": entries}))
    put(tmp_path, o_json='{"resourceType": "Basic", "code": {"text": "x"}}')
    asked = ("--package", "p.tgz", "--profile", URL)
    place = ["b.json:1", "error", "Bundle.entry[1].resource.birthDate", "fhir.cardinality"]
    assert lines(run(tmp_path, "validate", "b.json", "o.json", *asked)) == [place]
    done = run(tmp_path, "validate", "o.json", "o.json", *asked)
    assert (done.code, lines(done)) == (1, [["--profile", "error", URL, "fhir.profile-type"]])
    assert "is a profile of Patient, and no Patient is in the input" in done.out


@pytest.mark.parametrize(
    ("url", "said"),
    [
        ("http://hl7.org/fhir/us/core/StructureDefinition/us-core-patiend", "us-core-patient meant?"),
        ("us-core-patient", "http://hl7.org/fhir/us/core/StructureDefinition/us-core-patient meant?"),
        ("http://hl7.org/fhir/us/core/StructureDefinition/us-core-patient|3.1.1", "is held in version 6.1.0"),
        ("http://hl7.org/fhir/us/core/StructureDefinition/us-core-race", "is of Extension"),
        ("http://hl7.org/fhir/StructureDefinition/HumanName", "is of HumanName"),
    ],
)
def test_why_a_profile_cannot_be_judged_by_is_told(tmp_path: Path, url: str, said: str) -> None:
    put(tmp_path, b_json=GOOD)
    done = run(tmp_path, "validate", "b.json", "--profile", url)
    assert done.code == 2
    assert said in done.err


def test_a_base_definition_is_a_profile_that_all_of_its_type_satisfy(tmp_path: Path) -> None:
    put(tmp_path, b_json=GOOD)
    base = "http://hl7.org/fhir/StructureDefinition/"
    assert run(tmp_path, "validate", "b.json", "--profile", f"{base}Patient").code == 0
    assert run(tmp_path, "validate", "b.json", "--profile", f"{base}Observation").code == 1


def test_a_base_that_is_not_there_is_named(tmp_path: Path) -> None:
    put(tmp_path, b_json=GOOD)
    package(tmp_path / "p.tgz", born={**profile(), "baseDefinition": "http://example.org/none"})
    done = run(tmp_path, "validate", "b.json", "--package", "p.tgz", "--profile", URL)
    assert done.code == 2
    assert "rests on http://example.org/none, which no package at hand holds" in done.err
    package(tmp_path / "c.tgz", born={**profile(), "baseDefinition": URL})
    done = run(tmp_path, "validate", "b.json", "--package", "c.tgz", "--profile", URL)
    assert (done.code, "rests on itself" in done.err) == (2, True)


def with_invariant(expression: str, human: str = "") -> dict[str, Any]:
    rule = {"key": "x-1", "severity": "error", "human": human, "expression": expression}
    return {**profile(), "differential": {"element": [{"id": "Patient", "path": "Patient", "constraint": [rule]}]}}


def test_an_invariant_that_cannot_be_judged_is_told_on_loading_and_the_rest_is_judged(tmp_path: Path) -> None:
    put(tmp_path, b_json='{"resourceType": "Patient", "gender": "x"}')
    for name, expression in (("a.tgz", "name.wher((use"), ("b.tgz", "name.nosuch()")):
        package(tmp_path / name, born=with_invariant(expression))
        done = run(tmp_path, "validate", "b.json", "--package", name, "--profile", URL)
        assert done.out.split("\t")[2] == "Patient.gender"
        first = done.err.splitlines()[0]
        assert first.startswith(f"warning: {name} born.json: invariant x-1 of born cannot be judged: ")


def test_an_invariant_of_a_package_is_told_in_the_words_of_the_package(tmp_path: Path) -> None:
    put(tmp_path, b_json=GOOD)
    package(tmp_path / "p.tgz", born=with_invariant("name.exists()", "A name\n must be given"))
    done = run(tmp_path, "validate", "b.json", "--package", "p.tgz", "--profile", URL)
    assert done.out == "b.json:1\terror\tPatient\tx-1\tmust satisfy: A name must be given\n"


def test_a_required_value_set_that_nobody_holds_is_a_warning_said_once(tmp_path: Path) -> None:
    bound = {"strength": "required", "valueSet": "http://example.org/ValueSet/none"}
    element = {"id": "Patient.language", "path": "Patient.language", "binding": bound}
    package(tmp_path / "p.tgz", born={**profile(), "differential": {"element": [element]}})
    put(tmp_path, a_ndjson='{"resourceType": "Patient", "language": "de"}\n' * 3)
    asked = ("validate", "a.ndjson", "--package", "p.tgz", "--profile", URL)
    done = run(tmp_path, *asked, "--warnings")
    assert (done.code, lines(done)) == (0, [["a.ndjson:1", "warning", "Patient.language", "fhir.binding-unknown"]])
    assert "http://example.org/ValueSet/none" in done.out
    done = run(tmp_path, *asked)
    assert (done.out, done.err) == ("", "3 resources in 1 file: 0 errors, 1 warning (--warnings shows them)\n")


# --- what is no FHIR, and nothing at all


def test_validating_nothing_is_no_success(tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    assert lines(run(tmp_path, "validate", "in")) == [["in", "error", "$", "fhir.nothing"]]
    put(tmp_path / "in", a_json='{"a": 1}', b_ndjson='{"a": 1}\n{"b": 2}\n')
    done = run(tmp_path, "validate", "in", "--json")
    assert (done.code, done.json["rule"]) == (1, "fhir.nothing")
    assert done.err == "0 resources in 0 files: 1 error, 0 warnings\n"


def test_our_own_folders_are_valid(tmp_path: Path) -> None:
    assert run(tmp_path, "export", FIXTURES / "cases/svc-syndrome", "--to", "out").code in (0, 4)
    assert run(tmp_path, "validate", "out").code == 0
    assert run(tmp_path, "validate", FIXTURES / "cases/svc-syndrome").code == 0
    assert run(tmp_path, "validate", FIXTURES.parent / "profiles").code == 0


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('[{"resourceType": "Patient"}]', "is a list of resources: make it a Bundle, or NDJSON"),
        ('{"resourcetype": "Patient"}', "the property that says the type is spelled resourceType"),
        ("", "is empty"),
    ],
)
def test_what_is_meant_as_fhir_is_an_error_in_a_folder_too(tmp_path: Path, text: str, said: str) -> None:
    put(tmp_path / "in", a_json=text)
    for given in ("in", "in/a.json"):
        done = run(tmp_path, "validate", given)
        assert (done.code, said in done.out) == (1, True)


def test_a_pipe_is_read_under_its_own_name(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    writer = threading.Thread(target=(tmp_path / "pipe").write_text, args=('{"resourceType": "Patient", "gender": 1}',))
    writer.start()
    done = run(tmp_path, "validate", "pipe")
    writer.join()
    assert lines(done)[0][:3] == ["pipe:1", "error", "Patient.gender"]


def test_a_pipe_in_a_folder_is_told(tmp_path: Path) -> None:
    put(tmp_path / "in", a_json=GOOD)
    os.mkfifo(tmp_path / "in" / "b.json")
    assert lines(run(tmp_path, "validate", "in")) == [["in/b.json", "error", "b.json", "source.file"]]


# --- places and words


def test_a_problem_stands_at_the_property_itself(tmp_path: Path) -> None:
    text = '{"resourceType": "Patient",\n"Zebulon": 1,\n"deceasedBoolean": true,\n"deceasedDateTime": "2020",\n'
    put(tmp_path, p_json=text + '"multipleBirth": 2}')
    done = run(tmp_path, "validate", "p.json")
    assert [line[::2] for line in lines(done)] == [
        ["p.json:2", "Patient"],
        ["p.json:4", "Patient.deceased"],
        ["p.json:5", "Patient.multipleBirth"],
    ]
    assert "must say in its name which type it has: multipleBirthBoolean | multipleBirthInteger" in done.out
    assert "Zebulon" not in done.out


def test_xml_is_not_told_of_quotes_and_brackets(tmp_path: Path) -> None:
    text = '<active value="yes"/><gender value="male"/><gender value="male"/>'
    put(tmp_path, p_xml=f'<Patient xmlns="http://hl7.org/fhir">{text}</Patient>')
    done = run(tmp_path, "validate", "p.xml")
    assert [line.split("\t")[-1] for line in done.out.splitlines()] == [
        "must be true or false",
        "must not repeat: give it once",
    ]


# --- convert to XML


def test_convert_writes_xml_on_request(tmp_path: Path) -> None:
    labs = FIXTURES / "cases/insurance-required/fhir"
    assert run(tmp_path, "convert", labs, "--to", "out", "--format", "xml").code == 0
    (bundle,) = (tmp_path / "out").glob("*/bundle.*")
    assert bundle.name == "bundle.xml"
    assert run(tmp_path, "validate", bundle).code == 0
    back = run(tmp_path, "convert", bundle)
    assert sorted(back.out.splitlines()) == sorted(run(tmp_path, "convert", labs).out.splitlines())
    assert run(tmp_path, "convert", labs, "--format", "xml").code == 2


def test_a_bundle_that_xml_cannot_say_stays_json_and_says_why(tmp_path: Path) -> None:
    put(tmp_path / "in", a_json='{"resourceType": "Patient", "id": "a", "active": "Zebulon", "gender": ["male"]}')
    done = run(tmp_path, "convert", "in", "--to", "out", "--format", "xml")
    assert done.code == 4
    assert [path.name for path in (tmp_path / "out").glob("*/*")] == ["bundle.json"]
    assert done.err.endswith("[fhir.xml.write]\n")
    assert ".gender: " in done.err
    assert "Zebulon" not in done.err
