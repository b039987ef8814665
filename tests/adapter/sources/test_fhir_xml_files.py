"""FHIR XML files are sources like FHIR JSON files; the account says that they came as XML."""

import datetime as dt
import hashlib
import json
from pathlib import Path

import pytest

from adapter.convert import Converted, convert
from adapter.sources.files import sniff
from mappings.fhir.wire import dumps
from mappings.identity import DEFAULT_NAMESPACE

NS = 'xmlns="http://hl7.org/fhir"'
PATIENT = f"""<?xml version="1.0"?>
<!-- a comment -->
<Patient {NS}>
  <id value="p"/>
  <identifier><system value="http://hospital.example.org/mrn"/><value value="1"/></identifier>
  <name><family value="Roe"/><given value="Ana"/></name>
  <birthDate value="1970-03-04"/>
</Patient>
"""
OBSERVATION = """<Observation><id value="{id}"/><status value="final"/><code><text value="x"/></code>
<subject><reference value="Patient/p"/></subject><valueQuantity>{quantity}</valueQuantity></Observation>"""
BUNDLE = f"""<Bundle {NS}><type value="collection"/>
<entry><resource>{PATIENT[PATIENT.index("<Patient") :].replace(f" {NS}", "")}</resource></entry>
<entry><resource>{OBSERVATION.format(id="good", quantity='<value value="72.50"/>')}</resource></entry>
<entry><resource>{OBSERVATION.format(id="bad", quantity='<Zebulon value="72.50"/>')}</resource></entry>
</Bundle>"""


def converted(folder: Path, **files: str) -> Converted:
    folder.mkdir()
    for name, text in files.items():
        (folder / f"{name}.xml").write_text(text, encoding="utf-8")
    return convert([folder], DEFAULT_NAMESPACE, dt.date(2026, 3, 16))


def test_a_resource_is_carried_as_the_json_that_says_the_same(tmp_path: Path) -> None:
    made = converted(tmp_path / "in", patient=PATIENT)
    (bundle,) = made.bundles.values()
    assert dumps(bundle["entry"][0]["resource"]) == (
        b'{"resourceType":"Patient","id":"p","identifier":[{"system":"http://hospital.example.org/mrn","value":"1"}],'
        b'"name":[{"family":"Roe","given":["Ana"]}],"birthDate":"1970-03-04"}'
    )
    (unit,) = made.account.units
    assert (unit.source, unit.outcome, unit.resources) == ("in/patient.xml", "mapped", ("Patient/p",))
    assert [(p.rule, p.severity) for p in unit.problems] == [
        ("fhir.xml.comment", "information"),
        ("fhir.xml", "information"),
    ]


def test_a_bundle_goes_entry_by_entry_and_refuses_what_json_cannot_say(tmp_path: Path) -> None:
    made = converted(tmp_path / "in", bundle=BUNDLE)
    (bundle,) = made.bundles.values()
    resources = [entry["resource"] for entry in bundle["entry"]]
    assert sorted(each["id"] for each in resources) == ["good", "p"]
    assert b'"valueQuantity":{"value":72.50}' in b"".join(map(dumps, resources))
    told = {unit.source: (unit.outcome, [p.rule for p in unit.problems if p.stops]) for unit in made.account.units}
    assert told == {
        "in/bundle.xml#entry[0]": ("mapped", []),
        "in/bundle.xml#entry[1]": ("mapped", []),
        "in/bundle.xml#entry[2]": ("refused", ["fhir.xml", "fhir.element"]),
    }
    assert {unit.sha256 for unit in made.account.units} == {hashlib.sha256(BUNDLE.encode()).hexdigest()}
    assert "Zebulon" not in made.account.to_json().decode()


def test_the_same_resource_as_json_and_as_xml_is_one(tmp_path: Path) -> None:
    folder = tmp_path / "in"
    folder.mkdir()
    (folder / "a.xml").write_text(PATIENT, encoding="utf-8")
    (folder / "b.json").write_text(
        json.dumps(
            {
                "resourceType": "Patient",
                "id": "p",
                "identifier": [{"system": "http://hospital.example.org/mrn", "value": "1"}],
                "name": [{"family": "Roe", "given": ["Ana"]}],
                "birthDate": "1970-03-04",
            }
        ),
        encoding="utf-8",
    )
    made = convert([folder], DEFAULT_NAMESPACE, dt.date(2026, 3, 16))
    (bundle,) = made.bundles.values()
    assert len(bundle["entry"]) == 1


@pytest.mark.parametrize(
    ("text", "rules"),
    [
        (PATIENT.replace("</Patient>", ""), ["fhir.xml"]),
        (PATIENT.replace("<Patient", "<!DOCTYPE Patient><Patient"), ["fhir.xml.doctype"]),
        (PATIENT.replace("<name>", '<name xml:lang="en">'), ["fhir.xml", "fhir.xml.attribute"]),
    ],
)
def test_what_cannot_be_read_whole_is_refused(tmp_path: Path, text: str, rules: list[str]) -> None:
    made = converted(tmp_path / "in", patient=text)
    (unit,) = made.account.units
    assert (unit.outcome, made.bundles) == ("refused", {})
    assert [p.rule for p in unit.problems if p.stops] == rules


@pytest.mark.parametrize(
    "text",
    [f"<Zebulon {NS}/>", '<a xmlns="urn:b" c="http://hl7.org/fhir"/>', '<Patient xmlns="http://hl7.org/fhir1"/>'],
)
def test_xml_of_another_kind_is_kept_as_a_document(tmp_path: Path, text: str) -> None:
    made = converted(tmp_path / "in", other=text)
    (unit,) = made.account.units
    assert unit.outcome == "kept"


@pytest.mark.parametrize(
    ("head", "kind"),
    [
        (PATIENT, "fhir-xml"),
        (f"<?xml version='1.0'?><?a b?>\n<f:Patient id='x' {NS.replace('xmlns', 'xmlns:f')}>", "fhir-xml"),
        (f'<Patient {NS}><identifier><system value="urn:hl7-org:v3"/>', "fhir-xml"),
        ('<ClinicalDocument xmlns="urn:hl7-org:v3"><id root="http://hl7.org/fhir"/>', "ccda"),
        ('<html><a href="http://hl7.org/fhir">', "other"),
        (f"<!-- {'long ' * 900}", "other"),
        (f"<!-- {NS} {'long ' * 900}", "fhir-xml"),
    ],
)
def test_the_root_says_what_xml_it_is(head: str, kind: str) -> None:
    assert sniff(head.encode()[:4096])[0] == kind
