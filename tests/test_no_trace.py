"""What is withheld leaves no trace: nothing that only it says is in any delivered byte, and nothing points at it."""

import copy
import functools
import html
import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from adapter.config import Settings
from adapter.delivery.bundle_import import import_bundle
from adapter.pipeline import check_case
from mappings.problems import ProblemError
from tests import golden, small_case
from tests.dicom_files import dataset
from tests.dicom_files import write as write_image
from tests.small_case import (
    BASE,
    NOTE,
    PATIENT,
    PSYCHOTHERAPY,
    REPORT,
    SECRET,
    bundle,
    case,
    delivered,
    export,
    strings,
)

SUBSETTED = {
    "system": "http://terminology.hl7.org/CodeSystem/v3-ObservationValue",
    "code": "SUBSETTED",
    "display": "subsetted",
}


class Held(NamedTuple):
    """One resource of a scenario: where it lies, and what it is called."""

    scenario: str
    path: str
    number: int
    resource: Any
    full_url: str

    @property
    def name(self) -> str:
        return f"{self.resource['resourceType']}/{self.resource['id']}"


def _read(path: Path) -> list[Any]:
    data = path.read_text("utf-8")
    return [json.loads(line) for line in data.splitlines()] if path.suffix == ".ndjson" else [json.loads(data)]


def _held() -> Iterator[Held]:
    for path in sorted(golden.CASES.glob("*/fhir/*")):
        scenario = path.parent.parent.name
        for number, value in enumerate(_read(path)):
            entries = value["entry"] if value["resourceType"] == "Bundle" else [{"resource": value}]
            for place, entry in enumerate(entries):
                resource = entry["resource"]
                url = entry.get("fullUrl", f"{resource['resourceType']}/{resource['id']}")
                yield Held(scenario, path.name, number if len(entries) == 1 else place, resource, url)


def _labelled_already(held: Held) -> bool:
    return PSYCHOTHERAPY["code"] in {label["code"] for label in held.resource["meta"]["security"]}


def _once(all_held: list[Held]) -> list[Held]:
    """Without the lines that repeat another: of those both would have to be labelled."""
    told = [json.dumps(held.resource, sort_keys=True) for held in all_held]
    return [held for held, text in zip(all_held, told, strict=True) if told.count(text) == 1]


HELD = [h for h in _once(list(_held())) if h.resource["resourceType"] != "Patient" and not _labelled_already(h)]


def _said_by_it_alone(held: Held, never_held: dict[str, bytes]) -> set[str]:
    """Its names, and every text of it that is not delivered where the case never held it."""
    others = b"\n".join(never_held.values())
    unique = {t for t in strings(held.resource) if len(t) > 3 and not any(form in others for form in _forms(t))}
    return unique | {held.name, held.full_url, f'"id": "{held.resource["id"]}"'}


def _points_at(held: Held) -> list[str]:
    """The resources and places of the case that point at it."""
    told = {held.name, held.full_url}
    found = [
        other.name
        for other in _held()
        if other.scenario == held.scenario and other.resource != held.resource and told & set(strings(other.resource))
    ]
    mine = json.loads((golden.CASES / held.scenario / "case.json").read_text("utf-8"))
    return found + ["case.json"] * bool(told & set(strings(mine)))


def _change(folder: Path, held: Held, change: Callable[[Any, Any], None]) -> None:
    """Apply a change to the file that holds a resource: `change(container, resource)`."""
    path = folder / "fhir" / held.path
    values = _read(path)
    for value in values:
        inner = value["entry"] if value["resourceType"] == "Bundle" else []
        for resource in [value, *(entry["resource"] for entry in inner)]:
            if resource == held.resource:
                change(values if resource is value else inner, resource)
    texts = [json.dumps(value) for value in values]
    path.write_text("\n".join(texts), "utf-8") if texts else path.unlink()


def _label(_: list[Any], resource: Any) -> None:
    resource["meta"]["security"].append(dict(PSYCHOTHERAPY))


def _take_out(container: list[Any], resource: Any) -> None:
    container[:] = [one for one in container if one.get("resource", one) is not resource]


def _exported(held: Held, folder: Path, change: Callable[[list[Any], Any], None]) -> dict[str, bytes]:
    place = golden.source(held.scenario, folder)
    _change(place, held, change)
    golden.export(place, folder / "out")
    return delivered(folder / "out")


def _forms(text: str) -> set[bytes]:
    return {text.encode(), html.escape(text).encode(), json.dumps(text)[1:-1].encode()}


def traces(files: dict[str, bytes], texts: set[str]) -> set[tuple[str, str]]:
    """(file, text) for each text that a delivered file or its name holds."""
    found = {(path, text) for path, data in files.items() for text in texts for form in _forms(text) if form in data}
    return found | {(path, text) for path in files for text in texts if text in path}


def _never_held(held: Held, folder: Path) -> dict[str, bytes]:
    """What is delivered of a case that neither holds the resource nor speaks of it."""
    folder.mkdir()
    place = golden.source(held.scenario, folder)
    _change(place, held, _take_out)
    _edit(place, lambda told: _standing(without(told, {held.name, held.full_url})))
    golden.export(place, folder / "out")
    return delivered(folder / "out")


def _standing(told: Any) -> Any:
    """Without the comparisons that lost one of their reports."""
    compared = [one for one in told.get("concordances", ()) if {"original", "review"} <= set(one)]
    return {**told, "concordances": compared}


def _names(held: Held) -> str:
    return f"{held.scenario}-{held.name}"


@pytest.mark.parametrize("held", HELD, ids=_names)
def test_nothing_that_only_a_withheld_resource_says_is_delivered(held: Held, tmp_path: Path) -> None:
    files = _exported(held, tmp_path, _label)
    assert traces(files, _said_by_it_alone(held, _never_held(held, tmp_path / "never"))) == set()
    assert b"PSYTHPN" not in b"".join(files.values())


ALONE = [held for held in HELD if not _points_at(held)]
REFERRED = [held for held in HELD if _points_at(held)]


def test_fixtures_hold_both_kinds() -> None:
    assert (len(ALONE), len(REFERRED)) > (2, 8)


@pytest.mark.parametrize("held", ALONE, ids=_names)
def test_a_withheld_resource_that_nothing_refers_to_might_as_well_not_be_there(held: Held, tmp_path: Path) -> None:
    (tmp_path / "one").mkdir()
    (tmp_path / "other").mkdir()
    assert _exported(held, tmp_path / "one", _label) == _exported(held, tmp_path / "other", _take_out)


@functools.cache
def _plain(scenario: str) -> frozenset[str]:
    return frozenset(h.name for h in _held() if h.scenario == scenario)


@pytest.mark.parametrize("held", REFERRED, ids=_names)
def test_what_referred_to_a_withheld_resource_says_that_it_is_a_subset(held: Held, tmp_path: Path) -> None:
    files = _exported(held, tmp_path, _label)
    entries = [entry["resource"] for entry in json.loads(files["bundle.json"])["entry"]]
    tagged = {f"{r['resourceType']}/{r['id']}" for r in entries if SUBSETTED in r.get("meta", {}).get("tag", ())}
    gone = _plain(held.scenario) - {f"{r['resourceType']}/{r['id']}" for r in entries}
    assert tagged == set(_points_at(held)) - {"case.json"} - gone
    assert not [r for r in entries if SUBSETTED in r.get("meta", {}).get("tag", ()) and "text" in r]


# --- documents, studies, slides, restrictions


def _lines() -> list[tuple[str, str]]:
    return [
        (name, line["path"])
        for name in golden.scenarios()
        for line in json.loads((golden.CASES / name / "case.json").read_text("utf-8")).get("materials", ())
        if "path" in line and line.get("offered", True)
    ]


def without(value: Any, names: set[str]) -> Any:
    """A JSON value without the entries of these names (`id`, `item`, `path`) and without links to them."""
    if isinstance(value, dict):
        return {key: without(inner, names) for key, inner in value.items() if not _named(inner, names)}
    if isinstance(value, list):
        return [without(inner, names) for inner in value if not (_named(inner, names) or _entry(inner, names))]
    return value


def _named(value: Any, names: set[str]) -> bool:
    return isinstance(value, str) and value in names


def _entry(value: Any, names: set[str]) -> bool:
    return isinstance(value, dict) and any(_named(value.get(key), names) for key in ("id", "item", "path"))


def _edit(folder: Path, change: Callable[[Any], Any]) -> None:
    path = folder / "case.json"
    told = json.loads(path.read_text("utf-8"))
    path.write_text(json.dumps(change(told) or told), "utf-8")


def _export_edited(scenario: str, folder: Path, change: Callable[[Any], Any], *gone: str) -> dict[str, bytes]:
    folder.mkdir()
    place = golden.source(scenario, folder)
    _edit(place, change)
    for path in gone:
        (place / path).unlink()
    golden.export(place, folder / "out")
    return delivered(folder / "out")


@pytest.mark.parametrize(("scenario", "path"), _lines())
def test_a_withheld_document_might_as_well_not_be_there(scenario: str, path: str, tmp_path: Path) -> None:
    told = json.loads((golden.CASES / scenario / "case.json").read_text("utf-8"))
    line = next(line for line in told["materials"] if line.get("path") == path)

    def withhold(value: Any) -> None:
        mine = next(line for line in value["materials"] if line.get("path") == path)
        mine["sensitivity"] = "psychotherapy"
        mine.pop("duplicate_of", None)

    kept_back = _export_edited(scenario, tmp_path / "one", withhold)
    never_held = _export_edited(scenario, tmp_path / "other", lambda v: without(v, {path, line["id"]}), path)
    assert kept_back == never_held
    assert traces(kept_back, {line["id"], line["title"], path.rpartition("/")[2]}) == set()


STUDIES = [
    ("borderline-melanocytic", "wsi"),
    ("cord-compression", "mri-spine"),
    ("discordant-imaging-biopsy", "ct-liver"),
]


@pytest.mark.parametrize(("scenario", "study"), STUDIES)
def test_a_withheld_study_might_as_well_not_be_there(scenario: str, study: str, tmp_path: Path) -> None:
    told = json.loads((golden.CASES / scenario / "case.json").read_text("utf-8"))
    uid = next(one["uid"] for one in told["studies"] if one["id"] == study)
    images = [p.relative_to(golden.CASES / scenario).as_posix() for p in (golden.CASES / scenario / "dicom").rglob("*")]
    files = [path for path in images if (golden.CASES / scenario / path).is_file()]

    def withhold(value: Any) -> None:
        line = {"item": study, "sensitivity": "psychotherapy"}
        value["materials"] = [*value.get("materials", ()), line]

    kept_back = _export_edited(scenario, tmp_path / "one", withhold)
    inside = {line["path"] for line in told.get("materials", ()) if line.get("path") in files}
    never_held = _export_edited(scenario, tmp_path / "other", lambda v: without(v, {study, *inside}), *files)
    assert kept_back == never_held
    assert traces(kept_back, {study, uid, "IM000000", "doc-dermoscopy", "D25-04417-A2"}) == set()


@pytest.mark.parametrize("study", ["wsi", "1.2.3"])
def test_a_study_may_be_named_by_its_uid(study: str, tmp_path: Path) -> None:
    told = case(studies=[{"id": "wsi", "uid": "1.2.3", "series": []}], materials=[{"item": study, "in_drs": True}])
    files = export(tmp_path, {}, told)
    assert json.loads(files["case.json"])["materials"] == [{"item": study, "in_drs": True}]


def test_a_restricted_study_might_as_well_not_be_there(tmp_path: Path) -> None:
    agreed = {"agreed": True, "blocks_recipient": "review_center", "items": ["wsi"]}

    def restrict(told: Any) -> None:
        told["access"]["restrictions"] = [agreed]

    kept_back = _export_edited("borderline-melanocytic", tmp_path / "one", restrict)
    letter = "dicom/letters/note.dcm"
    images = [f"dicom/slide-{name}.dcm" for name in ("a1-he/level-1", "a1-he/level-2", "a2-he/level-1")]
    gone = {"wsi", letter}
    never_held = _export_edited(
        "borderline-melanocytic", tmp_path / "other", lambda v: without(v, gone), letter, *images
    )
    assert kept_back == never_held
    assert traces(kept_back, {"wsi", "hipaa-restrictions", '"deny"'}) == set()


def _no_loan(told: Any) -> None:
    del told["access"]["loan"]


def test_slides_that_nobody_may_borrow_do_not_say_that_they_were_asked_for(tmp_path: Path) -> None:
    def no_custody(told: Any) -> None:
        _no_loan(told)
        del told["custody"]

    kept_back = _export_edited("soft-tissue-sarcoma", tmp_path / "one", _no_loan)
    never_held = _export_edited("soft-tissue-sarcoma", tmp_path / "other", no_custody)
    assert kept_back == never_held
    assert traces(kept_back, {"custody-1", "custody-2", "custody-3", "#physical"}) == set()


def test_a_restricted_slide_might_as_well_not_be_there(tmp_path: Path) -> None:
    def restrict(told: Any) -> None:
        agreed = {"agreed": True, "blocks_recipient": "review_center", "items": ["slide-a1-he"]}
        told["access"]["restrictions"] = [agreed]

    kept_back = _export_edited("borderline-melanocytic", tmp_path / "one", restrict)
    assert traces(kept_back, {"slide-a1-he", "hipaa-restrictions", '"deny"'}) == set()


def test_a_withheld_thing_is_no_gap_that_the_recipient_hears_of(tmp_path: Path) -> None:
    note = {**NOTE, "type": {"coding": [{"system": "http://loinc.org", "code": "11529-5"}]}}
    files = {"fhir/p.json": PATIENT, "fhir/note.json": note, "fhir/report.json": REPORT}
    assert export(tmp_path / "one", files) == export(
        tmp_path / "two", {k: v for k, v in files.items() if v is not note}
    )


# --- by every way in which one resource can name another


NOTE_NAME = f"DocumentReference/{NOTE['id']}"
TO_NOTE = {"reference": NOTE_NAME}
NUMBER = NOTE["identifier"][0]


def _report(**more: Any) -> dict[str, Any]:
    return copy.deepcopy(REPORT) | more


def _says(**value: Any) -> dict[str, Any]:
    return _report(extension=[{"url": "https://ehr.example/beside", **value}])


def _text(inner: str) -> dict[str, str]:
    return {"status": "generated", "div": f'<div xmlns="http://www.w3.org/1999/xhtml">{inner}</div>'}


WAYS: dict[str, dict[str, Any]] = {
    "relative": _says(valueReference={"reference": NOTE_NAME}),
    "absolute": _says(valueReference={"reference": f"{BASE}/{NOTE_NAME}"}),
    "versioned": _says(valueReference={"reference": f"{NOTE_NAME}/_history/3", "display": SECRET}),
    "absolute-versioned": _says(valueReference={"reference": f"{BASE}/{NOTE_NAME}/_history/3"}),
    "by-number": _says(valueReference={"identifier": NUMBER, "display": SECRET}),
    "number-with-type": _says(valueReference={"type": "DocumentReference", "identifier": {"use": "usual", **NUMBER}}),
    "bare-number": _says(valueIdentifier=NUMBER),
    "by-http": _says(valueReference={"reference": f"{BASE.replace('https', 'http')}/{NOTE_NAME}"}),
    "fragment": _says(valueReference={"reference": f"{BASE}/{NOTE_NAME}#part"}),
    "query": _says(valueUrl=f"{BASE}/{NOTE_NAME}?_format=json"),
    "operation": _says(valueUrl=f"{BASE}/{NOTE_NAME}/$render"),
    "canonical": _says(valueCanonical=f"{BASE}/{NOTE_NAME}|1"),
    "markdown": _says(valueMarkdown=f"see [the note]({NOTE_NAME})"),
    "url": _says(valueUrl=f"{BASE}/{NOTE_NAME}"),
    "uri": _says(valueUri=NOTE_NAME),
    "attachment": _says(valueAttachment={"contentType": "text/plain", "url": f"{BASE}/{NOTE_NAME}"}),
    "meta-source": _report(meta={"source": f"{BASE}/{NOTE_NAME}"}),
    "narrative-beside-a-reference": {**_says(valueReference={"reference": NOTE_NAME}), "text": _text(SECRET)},
    "narrative-link": _report(text=_text(f'<a href="{NOTE_NAME}">more</a>')),
    "conditional-by-number": _says(
        valueReference={"reference": f"DocumentReference?identifier={NUMBER['system']}|{NUMBER['value']}"}
    ),
    "conditional-escaped": _says(
        valueUri=f"{BASE}/DocumentReference?status=current&identifier=https%3A%2F%2Fehr.example%7C{NUMBER['value']}"
    ),
    "conditional-by-id": _says(valueReference={"reference": f"DocumentReference?_id={NOTE['id']}"}),
    "percent-signs": _says(valueUrl=f"{BASE}/{NOTE_NAME.replace('-', '%2D')}"),
    "host-in-capitals": _says(valueUrl=f"{BASE.replace('ehr.example', 'EHR.Example')}/{NOTE_NAME}"),
    "default-port": _says(valueUrl=f"{BASE.replace('ehr.example', 'ehr.example:443')}/{NOTE_NAME}"),
    "number-alone": _says(valueString=NUMBER["value"]),
    "number-in-a-text": _says(valueMarkdown=f"as told in {NUMBER['value']}, see there"),
    "number-without-issuer": _says(valueIdentifier={"value": NUMBER["value"]}),
    "element-with-it": _report(media=[{"comment": f"what {SECRET} told", "link": TO_NOTE}]),
    "narrative-address": _report(text=_text(f"see {BASE}/{NOTE_NAME}.")),
}


@pytest.mark.parametrize("way", WAYS)
def test_a_report_does_not_name_what_is_withheld(way: str, tmp_path: Path) -> None:
    files = export(tmp_path, {"fhir/p.json": PATIENT, "fhir/note.json": NOTE, "fhir/report.json": WAYS[way]})
    assert traces(files, {SECRET}) == set()
    [report] = [e["resource"] for e in json.loads(files["bundle.json"])["entry"] if e["fullUrl"].endswith("/report")]
    assert report == {
        "resourceType": "DiagnosticReport",
        "id": "report",
        "meta": {"tag": [SUBSETTED]},
        **{key: value for key, value in REPORT.items() if key not in ("resourceType", "id")},
    }


def _about_patient(kind: str, name: str, **more: Any) -> dict[str, Any]:
    return {"resourceType": kind, "id": name, "subject": {"reference": "Patient/p"}, **more}


def _labelled(resource: dict[str, Any]) -> dict[str, Any]:
    return {**resource, "meta": {"security": [PSYCHOTHERAPY]}}


TO_REPORT = {"reference": "DiagnosticReport/report"}
BINARY = {"resourceType": "Binary", "id": SECRET, "contentType": "text/plain", "data": "cXVldHphbA=="}
THERAPIST = {"resourceType": "Practitioner", "id": SECRET, "name": [{"family": SECRET}]}
PLAIN_NOTE = {key: value for key, value in NOTE.items() if key != "meta"}
ABSOLUTE_NOTE = {**PLAIN_NOTE, "subject": {"reference": f"{BASE}/Patient/p"}}
FORM = [{"contentType": "text/plain", "url": f"Binary/{SECRET}"}]
PROVENANCE = {
    "resourceType": "Provenance",
    "id": "origin",
    "target": [TO_NOTE],
    "recorded": "2026-01-01T00:00:00Z",
    "agent": [{"who": {"display": "somebody"}}],
}
LIST = _about_patient("List", "list", status="current", mode="working")
COMPOSITION = _about_patient(
    "Composition",
    "composition",
    status="final",
    type={"text": "Summary"},
    date="2026-02-22",
    author=[{"display": "somebody"}],
    title="Summary",
    section=[
        {"title": "one", "text": _text(SECRET), "entry": [TO_NOTE, TO_REPORT]},
        {"title": "two", "entry": [TO_REPORT]},
    ],
)
URN_ID = "6f6d2c1e-0a4b-4c8e-9a52-d0e5f7b1c3a9"
CONTAINED = {
    "resourceType": "Basic",
    "id": "c",
    "code": {"text": "x"},
    "subject": {"reference": NOTE_NAME, "display": SECRET},
}
OTHER = "https://archive.example/fhir"
PLAN = _about_patient("CarePlan", "plan", status="active", intent="plan")
TOLD = {"outcomeReference": [TO_NOTE], "progress": [{"text": f"{SECRET} went well"}]}

BESIDE: dict[str, dict[str, Any]] = {
    "provenance-of-it": {"fhir/x.json": {**PROVENANCE, "agent": [{"who": {"display": SECRET}}]}},
    "provenance-of-both": {"fhir/x.json": {**PROVENANCE, "target": [TO_NOTE, TO_REPORT]}},
    "provenance-source": {
        "fhir/x.json": {**PROVENANCE, "target": [TO_REPORT], "entity": [{"role": "source", "what": TO_NOTE}]}
    },
    "list": {"fhir/x.json": {**LIST, "entry": [{"item": TO_NOTE}, {"item": TO_REPORT}]}},
    "activity-with-its-text": {"fhir/x.json": {**PLAN, "activity": [TOLD, {"outcomeReference": [TO_REPORT]}]}},
    "urn-in-capitals": {
        "a.json": bundle((f"urn:uuid:{URN_ID}", {**NOTE, "subject": {"reference": f"{BASE}/Patient/p"}})),
        "fhir/note.json": PATIENT,
        "fhir/report.json": _report(
            extension=[{"url": "https://x.example/x", "valueUri": f"urn:uuid:{URN_ID.upper()}"}]
        ),
    },
    "master-number": {
        "fhir/note.json": {**NOTE, "masterIdentifier": {"system": "urn:ietf:rfc:3986", "value": f"urn:{SECRET}:1"}},
        "fhir/report.json": _says(valueIdentifier={"system": "urn:ietf:rfc:3986", "value": f"urn:{SECRET}:1"}),
    },
    "requisition": {
        "fhir/x.json": _about_patient(
            "ServiceRequest", "s", status="active", intent="order", code={"text": "x"}, requisition=NUMBER
        ),
    },
    "accession": {
        "fhir/x.json": _about_patient("Specimen", "s", type={"text": "x"}, accessionIdentifier=NUMBER),
    },
    "list-of-it-alone": {"fhir/x.json": {**LIST, "entry": [{"item": TO_NOTE}]}},
    "composition": {"fhir/x.json": COMPOSITION},
    "task": {"fhir/x.json": {**_about_patient("Task", "task", status="requested", intent="order"), "focus": TO_NOTE}},
    "contained": {
        "fhir/x.json": _about_patient("Observation", "o", status="final", code={"text": "x"}, contained=[CONTAINED])
    },
    "author": {
        "fhir/note.json": {**NOTE, "author": [{"reference": f"Practitioner/{SECRET}"}]},
        "fhir/x.json": THERAPIST,
    },
    "relative-of-the-patient": {
        "fhir/note.json": {**NOTE, "author": [{"reference": f"RelatedPerson/{SECRET}"}]},
        "fhir/x.json": {"resourceType": "RelatedPerson", "id": SECRET, "patient": {"reference": "Patient/p"}},
    },
    "its-binary": {"fhir/note.json": {**NOTE, "content": [{"attachment": FORM[0]}]}, "fhir/x.json": BINARY},
    "labelled-binary": {"fhir/report.json": _report(presentedForm=FORM), "fhir/x.json": _labelled(BINARY)},
    "binary-under-its-context": {
        "fhir/report.json": _report(presentedForm=FORM),
        "fhir/x.json": {**BINARY, "data": "b3RoZXIgYnl0ZXM=", "securityContext": TO_NOTE},
    },
    "labelled-contained": {"fhir/x.json": {**REPORT, "id": "x", "contained": [NOTE], "conclusion": SECRET}},
    "labelled-practitioner": {
        "fhir/report.json": _report(performer=[{"reference": f"Practitioner/{SECRET}"}]),
        "fhir/x.json": _labelled(THERAPIST),
    },
    "other-content-without-label": {"a.json": bundle((f"{BASE}/{NOTE_NAME}", ABSOLUTE_NOTE))},
    "two-versions-with-label": {
        "a.json": bundle((f"{BASE}/{NOTE_NAME}", {**NOTE, "status": "superseded"})),
        "fhir/report.json": _says(valueReference=TO_NOTE),
    },
    "same-number-in-another-source": {
        "a.json": bundle(
            (f"{OTHER}/Patient/p", {**PATIENT, "gender": "female"}), (f"{OTHER}/DocumentReference/{SECRET}", PLAIN_NOTE)
        )
    },
    "repeated-in-another-source": {
        "a.json": bundle(
            (f"{OTHER}/{NOTE_NAME}", NOTE), (f"{OTHER}/DiagnosticReport/r2", _says(valueReference=TO_NOTE))
        )
    },
    "label-in-lower-case": {"fhir/note.json": {**NOTE, "meta": {"security": [{"system": "x", "code": "psythpn"}]}}},
    "label-of-another-system": {"fhir/note.json": {**NOTE, "meta": {"security": [{"code": "PSYTHPN"}]}}},
}


@pytest.mark.parametrize("way", BESIDE)
def test_nothing_beside_the_report_names_what_is_withheld(way: str, tmp_path: Path) -> None:
    plain = {"fhir/p.json": PATIENT, "fhir/note.json": NOTE, "fhir/report.json": REPORT}
    files = export(tmp_path, plain | BESIDE[way])
    assert traces(files, {SECRET, "PSYTHPN"}) == set()
    assert traces(files, {"cXVldHphbA=="}) == set(), "the text in base64"
    assert [e["resource"]["id"] for e in json.loads(files["bundle.json"])["entry"] if e["fullUrl"].endswith("/report")]


def test_who_made_a_thing_goes_with_its_provenance(tmp_path: Path) -> None:
    maker = {"resourceType": "Practitioner", "id": "maker", "name": [{"family": "Testmaker"}]}
    origin = {**PROVENANCE, "target": [TO_REPORT], "agent": [{"who": {"reference": "Practitioner/maker"}}]}
    files = {"fhir/p.json": PATIENT, "fhir/report.json": REPORT, "fhir/m.json": maker, "fhir/x.json": origin}
    entries = json.loads(export(tmp_path, files)["bundle.json"])["entry"]
    carried = [e["resource"] for e in entries if e["fullUrl"].startswith(BASE)]
    assert carried == [REPORT, PATIENT, maker, origin]


def test_an_element_goes_with_its_reference_and_leaves_the_rest(tmp_path: Path) -> None:
    other = {"resourceType": "Media", "id": "photo", "status": "completed", "subject": {"reference": "Patient/p"}}
    other["content"] = {"contentType": "image/png", "title": "photo", "data": "aGVyZQ=="}
    kept = {"comment": "what is shown", "link": {"reference": "Media/photo"}}
    gone = {"comment": f"what {SECRET} shows", "link": {"reference": f"Media/{SECRET}"}}
    files = {
        "fhir/p.json": PATIENT,
        "fhir/report.json": _report(media=[gone, kept]),
        "fhir/m.json": other,
        "fhir/x.json": _labelled({**other, "id": SECRET, "content": {"title": SECRET}}),
    }
    sent = export(tmp_path, files)
    [report] = [e["resource"] for e in json.loads(sent["bundle.json"])["entry"] if e["fullUrl"].endswith("/report")]
    assert report["media"] == [kept]
    assert traces(sent, {SECRET}) == set()


STRANGER = {"reference": "Patient/stranger"}
STRANGERS: dict[str, dict[str, Any]] = {
    "relative": {"resourceType": "RelatedPerson", "id": SECRET, "patient": STRANGER, "name": [{"text": SECRET}]},
    "coverage": {
        "resourceType": "Coverage",
        "id": SECRET,
        "status": "active",
        "beneficiary": STRANGER,
        "payor": [{"display": SECRET}],
    },
    "binary": {**BINARY, "securityContext": STRANGER},
}


@pytest.mark.parametrize("kind", STRANGERS)
def test_what_belongs_to_somebody_who_is_not_here_goes_with_nothing(kind: str, tmp_path: Path) -> None:
    theirs = STRANGERS[kind]
    beside = [{"url": "https://ehr.example/x", "valueReference": {"reference": f"{theirs['resourceType']}/{SECRET}"}}]
    files = {"fhir/p.json": PATIENT, "fhir/report.json": _report(extension=beside), "fhir/x.json": theirs}
    sent = export(tmp_path, files)
    assert traces(sent, {SECRET, "stranger", "cXVldHphbA=="}) == set()
    assert [e["fullUrl"] for e in json.loads(sent["bundle.json"])["entry"] if e["fullUrl"].endswith("/report")]


TO_THERAPIST = {"reference": f"Practitioner/{SECRET}", "display": SECRET}
ASSIGNED = {"system": "https://ehr.example/sid/number", "value": "1", "assigner": TO_THERAPIST}
CT = {"system": "http://dicom.nema.org/resources/ontology/DCM", "code": "CT"}
SERIES = {"uid": "1.2.3.1", "modality": CT, "performer": [{"actor": TO_THERAPIST}]}
STUDY_UID = {"system": "urn:dicom:uid", "value": "urn:oid:1.2.3"}
READ: dict[str, dict[str, Any]] = {
    "study": _about_patient(
        "ImagingStudy", "r", status="available", referrer=TO_THERAPIST, identifier=[STUDY_UID], series=[SERIES]
    ),
    "specimen": _about_patient("Specimen", "r", accessionIdentifier=ASSIGNED, collection={"collector": TO_THERAPIST}),
    "condition": _about_patient("Condition", "r", code={"text": "x"}, identifier=[ASSIGNED], asserter=TO_THERAPIST),
    "procedure": _about_patient(
        "Procedure", "r", status="completed", code={"text": "x"}, performer=[{"actor": TO_THERAPIST}]
    ),
    "report": {**REPORT, "id": "r", "identifier": [ASSIGNED], "performer": [TO_THERAPIST]},
}


@pytest.mark.parametrize("kind", READ)
def test_the_reading_of_a_resource_tells_no_more_than_what_goes_of_it(kind: str, tmp_path: Path) -> None:
    files = {
        "fhir/p.json": PATIENT,
        "fhir/report.json": REPORT,
        "fhir/r.json": READ[kind],
        "fhir/x.json": _labelled(THERAPIST),
    }
    sent = export(tmp_path, files)
    assert traces(sent, {SECRET}) == set()
    assert [e["fullUrl"] for e in json.loads(sent["bundle.json"])["entry"] if e["fullUrl"].endswith("/r")]
    import_bundle(tmp_path / "out", tmp_path / "back")
    golden.export(tmp_path / "back", tmp_path / "again")
    assert delivered(tmp_path / "again") == sent


LINES: dict[str, dict[str, Any]] = {
    "images-kept-back": {"item": "1.2.3", "sensitivity": "psychotherapy"},
    "images-not-offered": {"item": "ct", "offered": False},
    "study-kept-back": {"item": "ImagingStudy/r", "sensitivity": "psychotherapy"},
    "study-not-offered": {"item": "ImagingStudy/r", "offered": False},
}


def _imaged(folder: Path, told: dict[str, Any]) -> dict[str, bytes]:
    study = _about_patient("ImagingStudy", "r", status="available", identifier=[STUDY_UID], description="CT")
    sources = [{"path": "dicom", "patient_system": small_case.NUMBERS}, {"path": "fhir", "base": BASE}]
    changes = {"sources": sources, "studies": [{"id": "ct", "uid": "1.2.3", "series": []}]} | told
    files = {"fhir/p.json": PATIENT, "fhir/report.json": REPORT, "fhir/r.json": study}
    place = small_case.write(folder / "case", files, case(**changes))
    image = dataset(PatientName="Testperson^Mirabel", PatientID="MRN-77001", PatientBirthDate="19580719")
    write_image(place / "dicom/1.dcm", image)
    golden.export(place, folder / "out")
    return delivered(folder / "out")


@pytest.mark.parametrize("line", LINES)
def test_images_and_the_resource_about_them_are_kept_back_together(line: str, tmp_path: Path) -> None:
    assert traces(_imaged(tmp_path, {"materials": [LINES[line]]}), {"1.2.3", "IM000000"}) == set()


@pytest.mark.parametrize("name", ["ct", "ImagingStudy/r"])
def test_a_restriction_on_images_is_one_on_the_resource_about_them(name: str, tmp_path: Path) -> None:
    agreed = {"agreed": True, "blocks_recipient": "review_center", "items": [name]}
    access = {**small_case.CASE["access"], "restrictions": [agreed]}
    assert traces(_imaged(tmp_path, {"access": access}), {"1.2.3", "IM000000"}) == set()


def test_images_and_the_resource_about_them_go_together(tmp_path: Path) -> None:
    assert "DICOM/PT000000/ST000000/SE000000/IM000000" in _imaged(tmp_path, {})


def test_a_document_goes_nowhere_while_its_bytes_are_labelled_elsewhere(tmp_path: Path) -> None:
    line = {"path": "documents/a.txt", "kind": "clinical_record", "title": "Harmless"}
    files = {"fhir/p.json": PATIENT, "fhir/note.json": NOTE, "fhir/report.json": REPORT, "documents/a.txt": SECRET}
    sent = export(tmp_path, files, case(materials=[line]))
    assert traces(sent, {SECRET, "Harmless", "cXVldHphbA=="}) == set()


def test_a_part2_label_on_one_form_holds_for_the_other(tmp_path: Path) -> None:
    label = {"system": "http://terminology.hl7.org/CodeSystem/v3-ActCode", "code": "42CFRPart2"}
    line = {"path": "documents/a.txt", "kind": "clinical_record", "title": "Harmless"}
    files = {"fhir/p.json": PATIENT, "fhir/report.json": REPORT, "documents/a.txt": SECRET}
    files["fhir/note.json"] = {**NOTE, "meta": {"security": [label]}}
    place = small_case.write(tmp_path / "case", files, case(materials=[line]))
    facts = check_case(place, Settings(), golden.NOW).facts
    assert [item.part2 for item in facts.materials if item.kind == "sud_program_record"] == [True, True]


PARTY = {"names": [{"family": SECRET}], "identifiers": [{"system": "https://ehr.example/sid/staff", "value": SECRET}]}


def test_nobody_is_named_whom_only_a_withheld_document_names(tmp_path: Path) -> None:
    told = case()
    told["practitioners"].append({"id": "prac-x", **PARTY})
    told["organizations"].append({"id": "org-x", "name": f"{SECRET} clinic"})
    told["roles"].append({"id": "role-x", "practitioner": "prac-x", "organization": "org-x"})
    line = {"path": "a.txt", "id": "doc", "kind": "psychotherapy_notes", "authors": ["role-x"]}
    sent = export(
        tmp_path, {"fhir/p.json": PATIENT, "fhir/report.json": REPORT, "a.txt": "x"}, told | {"materials": [line]}
    )
    assert traces(sent, {SECRET, "prac-x", "org-x", "role-x"}) == set()


def test_no_number_is_told_that_only_withheld_images_know(tmp_path: Path) -> None:
    known = {
        "identifiers": [{"system": "https://practice.example/mrn", "value": SECRET}],
        "names": [{"text": "Mirabel Testperson"}],
    }
    told = case()
    told["patient"]["known_as"] = [known]
    changes = {"patient": told["patient"]}
    image = dataset(PatientName="Testperson^Mirabel", PatientID=SECRET, PatientBirthDate="19580719")
    for name, lines in (("kept-back", [{"item": "1.2.3", "sensitivity": "psychotherapy"}]), ("released", [])):
        studies = [{"id": "ct", "uid": "1.2.3", "series": []}]
        place = small_case.write(tmp_path / name, {}, case(**changes, materials=lines, studies=studies))
        write_image(place / "dicom/1.dcm", image)
        golden.export(place, tmp_path / f"{name}-out")
    assert traces(delivered(tmp_path / "kept-back-out"), {SECRET}) == set()
    assert (
        SECRET
        in json.loads(delivered(tmp_path / "released-out")["case.json"])["patient"]["known_as"][0]["identifiers"][0][
            "value"
        ]
    )


def test_a_file_with_the_bytes_of_a_withheld_one_does_not_go_under_another_line(tmp_path: Path) -> None:
    lines = [
        {"path": "documents/a.txt", "id": "a", "kind": "clinical_record"},
        {"path": "documents/b.txt", "id": "b", "kind": "psychotherapy_notes"},
    ]
    place = small_case.write(tmp_path / "case", {line["path"]: SECRET for line in lines}, case(materials=lines))
    with pytest.raises(ProblemError, match=r"documents/b\.txt: has the same bytes as documents/a\.txt"):
        golden.export(place, tmp_path / "out")
    assert not (tmp_path / "out").exists()
