"""A label binds in whatever shape and wherever it stands; what has a shape that cannot be read stays behind."""

import json
from pathlib import Path
from typing import Any

import pytest

from tests import golden
from tests.small_case import BASE, PATIENT, PSYCHOTHERAPY, REPORT, SECRET, bundle, delivered, export, write
from tests.test_no_trace import traces

INLINE = "http://hl7.org/fhir/uv/security-label-ds4p/StructureDefinition/extension-inline-sec-label"
FHIR = 'xmlns="http://hl7.org/fhir"'
LABEL = '<security><system value="http://terminology.hl7.org/CodeSystem/v3-ActCode"/><code value="PSYTHPN"/></security>'
XML_INLINE = f'url="{INLINE}"><valueCoding><code value="PSYTHPN"/></valueCoding>'
OBSERVATION: dict[str, Any] = {
    "resourceType": "Observation",
    "id": f"{SECRET}-1",
    "status": "final",
    "code": {"text": SECRET},
    "subject": {"reference": "Patient/p"},
}
SAID = {"url": INLINE, "valueCoding": PSYCHOTHERAPY}


def _xml(meta: str) -> str:
    return (
        f'<Observation {FHIR}><id value="{SECRET}-1"/>{meta}<status value="final"/>'
        f'<code><text value="{SECRET}"/></code><subject><reference value="Patient/p"/></subject></Observation>'
    )


def _xml_bundle(meta: str = "", entry: str = "") -> str:
    inner = _xml("").replace(f" {FHIR}", "")
    return (
        f'<Bundle {FHIR}>{meta}<type value="collection"/><entry>{entry}<fullUrl value="{BASE}/Observation/{SECRET}-1"/>'
        f"<resource>{inner}</resource></entry></Bundle>"
    )


def _bundle(around: dict[str, Any] | None = None, **entry: Any) -> dict[str, Any]:
    made = bundle((f"{BASE}/Observation/{SECRET}-1", OBSERVATION))
    made["entry"][0].update(entry)
    return made | (around or {})


def _composition(confidentiality: Any) -> dict[str, Any]:
    return {
        "resourceType": "Composition",
        "id": f"{SECRET}-1",
        "status": "final",
        "type": {"text": SECRET},
        "subject": {"reference": "Patient/p"},
        "date": "2026-01-01",
        "author": [{"display": "x"}],
        "title": SECRET,
        "confidentiality": confidentiality,
    }


LABELLED: dict[str, Any] = {
    "meta-in-a-list": OBSERVATION | {"meta": [{"security": [PSYCHOTHERAPY]}]},
    "meta-in-lists": OBSERVATION | {"meta": [[{"security": [PSYCHOTHERAPY]}]]},
    "security-as-an-object": OBSERVATION | {"meta": {"security": PSYCHOTHERAPY}},
    "code-in-a-list": OBSERVATION | {"meta": {"security": [{"code": ["PSYTHPN"]}]}},
    "security-as-a-text": OBSERVATION | {"meta": {"security": ["PSYTHPN"]}},
    "security-misspelt": OBSERVATION | {"meta": {"Security": [PSYCHOTHERAPY]}},
    "meta-of-contained-in-a-list": OBSERVATION
    | {
        "contained": [
            {"resourceType": "Basic", "id": "c", "code": {"text": "x"}, "meta": [{"security": [PSYCHOTHERAPY]}]}
        ]
    },
    "two-metas": _xml(f'<meta><profile value="https://a.example/b"/></meta><meta>{LABEL}</meta>'),
    "bundle-meta-in-a-list": _bundle({"meta": [{"security": [PSYCHOTHERAPY]}]}),
    "bundle-inline": _bundle({"extension": [SAID]}),
    "bundle-two-metas": _xml_bundle(f'<meta><tag><code value="x"/></tag></meta><meta>{LABEL}</meta>'),
    "bundle-label-as-text": _xml_bundle("<meta><security><code>PSYTHPN</code></security></meta>"),
    "bundle-label-as-attribute": _xml_bundle('<meta><security code="PSYTHPN"/></meta>'),
    "bundle-meta-of-another-namespace": _xml_bundle(f'<meta xmlns="http://hl7.org/FHIR">{LABEL}</meta>'),
    "entry-inline": _bundle(extension=[SAID]),
    "entry-inline-modifier": _bundle(modifierExtension=[SAID]),
    "entry-inline-in-no-list": _bundle(extension=SAID),
    "entry-inline-code-in-a-list": _bundle(extension=[{"url": INLINE, "valueCode": ["PSYTHPN"]}]),
    "entry-inline-xml": _xml_bundle(entry=f"<extension {XML_INLINE}</extension>"),
    "entry-inline-modifier-xml": _xml_bundle(entry=f"<modifierExtension {XML_INLINE}</modifierExtension>"),
    "entry-inline-lost": _xml_bundle(
        entry=f'<extension url="{INLINE}"><valueCoding><code>PSYTHPN</code></valueCoding></extension>'
    ),
    "entry-meta-of-no-place": _xml_bundle(entry=f"<meta>{LABEL}</meta>"),
    "confidentiality-in-a-list": _composition(["N", "PSYTHPN"]),
    "confidentiality-as-an-object": _composition({"code": "PSYTHPN"}),
    "two-subjects": OBSERVATION | {"subject": [{"reference": "Patient/p"}, {"reference": "Patient/p"}]},
    "subject-as-a-text": OBSERVATION | {"subject": "Patient/p"},
    "category-without-a-list": OBSERVATION | {"category": {"coding": {"code": "x"}}},
    "identifier-without-a-list": OBSERVATION | {"identifier": {"value": SECRET}},
}


@pytest.mark.parametrize("kind", LABELLED)
def test_what_is_labelled_or_cannot_be_read_stays_and_nothing_names_it(kind: str, tmp_path: Path) -> None:
    value = LABELLED[kind]
    named = "Composition" if "confidentiality" in kind else "Observation"
    beside = {"url": "https://ehr.example/beside", "valueReference": {"reference": f"{named}/{SECRET}-1"}}
    report = REPORT | {"extension": [beside]}
    name = "fhir/x.xml" if isinstance(value, str) else "fhir/x.json"
    sent = export(tmp_path, {"fhir/p.json": PATIENT, "fhir/report.json": report, name: value})
    assert traces(sent, {SECRET, "PSYTHPN"}) == set()
    assert [e["fullUrl"] for e in json.loads(sent["bundle.json"])["entry"] if e["fullUrl"].endswith("/report")]


def test_a_loss_in_one_entry_keeps_that_one_back_and_no_other(tmp_path: Path) -> None:
    made = _xml_bundle(entry=f"<meta>{LABEL}</meta>").replace(
        "</Bundle>",
        f'<entry><fullUrl value="{BASE}/Observation/other"/><resource><Observation><id value="other"/>'
        '<status value="final"/><code><text value="kept"/></code><subject><reference value="Patient/p"/></subject>'
        "</Observation></resource></entry></Bundle>",
    )
    sent = export(tmp_path, {"fhir/p.json": PATIENT, "fhir/report.json": REPORT, "fhir/x.xml": made})
    urls = {entry["fullUrl"] for entry in json.loads(sent["bundle.json"])["entry"]}
    assert f"{BASE}/Observation/other" in urls
    assert f"{BASE}/Observation/{SECRET}-1" not in urls


def test_the_account_says_why_it_stays(tmp_path: Path) -> None:
    files = {"fhir/p.json": PATIENT, "fhir/report.json": REPORT, "fhir/x.json": LABELLED["meta-in-a-list"]}
    done = golden.export(write(tmp_path / "case", files), tmp_path / "out")
    [unit] = [unit for unit in done.account.units if unit.source == "fhir/x.json"]
    assert unit.outcome == "refused"
    assert [(found.rule, found.where) for found in unit.problems] == [("fhir.shape", "fhir/x.json Observation.meta")]


def test_the_same_under_its_name_without_the_label_stays_too(tmp_path: Path) -> None:
    files = {
        "fhir/p.json": PATIENT,
        "fhir/report.json": REPORT,
        "fhir/x.json": LABELLED["meta-in-a-list"],
        "fhir/y.json": OBSERVATION,
    }
    done = golden.export(write(tmp_path / "case", files), tmp_path / "out")
    assert traces(delivered(tmp_path / "out"), {SECRET}) == set()
    [unit] = [unit for unit in done.account.units if unit.source == "fhir/y.json"]
    assert (unit.outcome, [found.rule for found in unit.problems]) == ("withheld", ["case.unread"])


def test_the_account_says_that_something_was_taken_out_and_the_bundle_does_not(tmp_path: Path) -> None:
    claim = "http://hl7.org/fhir/us/core/StructureDefinition/us-core-careteam"
    base = "http://hl7.org/fhir/StructureDefinition/CareTeam"
    team = {
        "resourceType": "CareTeam",
        "id": "team",
        "meta": {"profile": [claim, base]},
        "status": "active",
        "subject": {"reference": "Patient/p"},
        "participant": [{"role": [{"text": "x"}], "member": {"reference": f"Observation/{SECRET}-1"}}],
    }
    secret = OBSERVATION | {"meta": {"security": [PSYCHOTHERAPY]}}
    files = {"fhir/p.json": PATIENT, "fhir/report.json": REPORT, "fhir/t.json": team, "fhir/x.json": secret}
    done = golden.export(write(tmp_path / "case", files), tmp_path / "out")
    told = {unit.source: unit.problems for unit in done.account.units}
    [found] = told["fhir/t.json"]
    assert (found.severity, found.rule) == ("information", "gate.subset")
    assert found.message.endswith(
        f"it is no longer the original; claims dropped, since it no longer satisfies them: {claim}"
    )
    assert told["fhir/report.json"] == ()
    sent = delivered(tmp_path / "out")
    [left] = [e["resource"] for e in json.loads(sent["bundle.json"])["entry"] if e["fullUrl"].endswith("/team")]
    assert left["meta"]["profile"] == [base]
    assert traces(sent, {SECRET, "no longer the original", "us-core-careteam"}) == set()
