"""What the recipient finds of a case's completeness: computed on what is released, the same after import."""

import tempfile
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from adapter.completeness import Forecast, of_case
from adapter.config import Settings
from adapter.delivery.bundle_import import import_bundle
from adapter.pipeline import check_case, foretell
from adapter.sources.case_file import load_case
from mappings.completeness.assess import Completeness
from mappings.completeness.carried import carried_evidence
from mappings.domain.case import Case
from mappings.domain.native import encode_case
from mappings.fhir.carried import Carried
from mappings.identity import DEFAULT_NAMESPACE
from tests import golden
from tests.small_case import BASE, PATIENT, PSYCHOTHERAPY, REPORT, case, write
from tests.strategies_case import cases

FEW = settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck))
NUMBERS = "https://ehr.example/sid/accession"


def _forecast(folder: Path) -> tuple[Forecast, tuple[str, ...]]:
    checked = check_case(folder, Settings(ledger=f"sqlite:///{folder.parent}/ledger.sqlite3"), golden.NOW)
    found = foretell(checked, golden.NOW)
    assert found is not None
    return found, checked.decision.excluded


def _told(found: Completeness) -> str:
    return msgspec.json.encode(found).decode()


def _states(found: Completeness) -> list[tuple[str, str | None, str]]:
    return [(r.need, r.about, r.state) for r in found.requirements]


@given(cases())
@FEW
def test_nothing_that_the_recipient_finds_names_what_is_withheld(drawn: Case) -> None:
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch) / "case"
        folder.mkdir()
        (folder / "case.json").write_bytes(encode_case(drawn))
        found, excluded = _forecast(folder)
    names = {name.removesuffix("#physical") for name in excluded}
    assert {name for name in names if name in _told(found.completeness)} == set()


@pytest.mark.parametrize("name", golden.scenarios())
def test_the_recipient_computes_the_same_of_what_came(name: str, tmp_path: Path) -> None:
    place = golden.source(name, tmp_path)
    found, _ = _forecast(place)
    golden.export(place, tmp_path / "out")
    import_bundle(tmp_path / "out", tmp_path / "back")
    assert _states(of_case(load_case(tmp_path / "back", DEFAULT_NAMESPACE))) == _states(found.completeness)


def _held(found: Forecast) -> dict[tuple[str, str | None], tuple[str, bool]]:
    needs = (told for told in found.needs if told.requirement.need == "part")
    return {told.requirement.key: (told.requirement.state, told.withheld) for told in needs}


# --- withheld is as never held

TEXT = "A. Left thigh, excision: sarcoma.\nB. Left groin, node: no tumor."
NAMED = {**REPORT, "conclusion": TEXT, "identifier": [{"system": NUMBERS, "value": "S26-1234"}]}


def _specimen(name: str, label: str, **more: Any) -> dict[str, Any]:
    return {
        "resourceType": "Specimen",
        "id": name,
        "identifier": [{"system": NUMBERS, "value": f"S26-1234-{label}"}],
        "subject": {"reference": "Patient/p"},
        **more,
    }


SLIDE = {"code": "433466003", "system": "http://snomed.info/sct"}
WHOLE: dict[str, Any] = {
    "fhir/p.json": PATIENT,
    "fhir/r.json": NAMED,
    "fhir/a.json": _specimen("a", "A"),
    "fhir/a1.json": _specimen(
        "a1", "A-1", parent=[{"reference": "Specimen/a"}], container=[{"type": {"coding": [SLIDE]}}]
    ),
}
PART_B: dict[str, Any] = {
    "fhir/b.json": _specimen("b", "B", meta={"security": [PSYCHOTHERAPY]}),
    "fhir/b1.json": _specimen(
        "b1", "B-1", parent=[{"reference": "Specimen/b"}], container=[{"type": {"coding": [SLIDE]}}],
        meta={"security": [PSYCHOTHERAPY]},
    ),
}  # fmt: skip


def test_a_part_that_is_withheld_is_as_one_that_never_was(tmp_path: Path) -> None:
    withheld, _ = _forecast(write(tmp_path / "withheld", {**WHOLE, **PART_B}))
    never, _ = _forecast(write(tmp_path / "never", WHOLE))
    assert _told(withheld.completeness) == _told(never.completeness)
    told = {
        n.requirement.key: (n.requirement.state, n.withheld) for n in withheld.needs if n.requirement.need == "part"
    }
    assert told == {("part", "part A"): ("promised", False), ("part", "part B"): ("promised", True)}
    assert _held(never) == {("part", "part A"): ("promised", False), ("part", "part B"): ("missing", False)}


def test_a_report_that_is_withheld_names_no_part(tmp_path: Path) -> None:
    labelled = {**REPORT, "conclusion": TEXT, "meta": {"security": [PSYCHOTHERAPY]}}
    withheld, _ = _forecast(write(tmp_path / "withheld", {**WHOLE, "fhir/r.json": labelled}))
    files = {path: value for path, value in WHOLE.items() if path != "fhir/r.json"}
    never, _ = _forecast(write(tmp_path / "never", files))
    assert _told(withheld.completeness) == _told(never.completeness)
    assert "part B" not in _told(withheld.completeness)


# --- FHIR that came


def _parts(folder: Path, **files: Any) -> dict[str, str]:
    found = of_case(load_case(write(folder, {"fhir/p.json": PATIENT, **files}), DEFAULT_NAMESPACE))
    return {str(r.about): r.state for r in found.requirements if r.need in ("part", "labels")}


def _form(data: str, kind: str = "text/plain") -> dict[str, Any]:
    return {**REPORT, "presentedForm": [{"contentType": kind, "data": data}], "conclusion": "Sarcoma."}


def test_the_printed_form_of_a_report_is_read(tmp_path: Path) -> None:
    assert _parts(tmp_path / "t", **{"fhir/r.json": _form("UGFydCBCOiBza2luLg==")}) == {"part B": "missing"}
    page = _form("PHA+UGFydCBCPC9wPjxwPlBhcnQgQzwvcD4=", "text/html; charset=utf-8")
    assert _parts(tmp_path / "h", **{"fhir/r.json": page}) == {"part B": "missing", "part C": "missing"}


def test_a_printed_form_that_is_no_text_needs_a_person(tmp_path: Path) -> None:
    found = _parts(tmp_path / "p", **{"fhir/r.json": _form("JVBERi0xLjcK", "application/pdf")})
    assert found == {"reports not read": "unclear"}


def test_the_words_of_results_are_read(tmp_path: Path) -> None:
    result = {"resourceType": "Observation", "id": "o", "status": "final", "code": {"text": "Gross"},
              "subject": {"reference": "Patient/p"}, "valueString": "Part D is skin."}  # fmt: skip
    report = {**REPORT, "result": [{"reference": "Observation/o"}]}
    assert _parts(tmp_path / "o", **{"fhir/r.json": report, "fhir/o.json": result}) == {"part D": "missing"}


def test_specimens_that_a_report_names_are_parts(tmp_path: Path) -> None:
    held = {"resourceType": "Specimen", "id": "c", "identifier": [{"system": NUMBERS, "value": "S26-1234-C"}]}
    report = {
        **REPORT,
        "contained": [held],
        "specimen": [{"reference": "#c"}, {"display": "E. Skin of the back"}, {"reference": "Specimen/gone"}],
    }
    assert _parts(tmp_path / "s", **{"fhir/r.json": report}) == {
        "part C": "missing",
        "specimens": "unclear",
    }


def test_the_small_case_itself_misses_report_and_tissue(tmp_path: Path) -> None:
    found = of_case(load_case(write(tmp_path / "c", {}, case()), DEFAULT_NAMESPACE))
    assert [gap.need for gap in found.gaps if gap.level == "required"] == ["pathology-report", "tissue"]


# --- any JSON

_WORDS = st.sampled_from(["", "#c", "Specimen/a", "Part B:", "UGFydCBB", "text/plain"])
_LEAVES = st.none() | st.booleans() | st.integers(0, 9) | _WORDS
_FIELDS = st.sampled_from(
    ["identifier", "value", "coding", "code", "specimen", "reference", "display", "result", "contained", "id", "text",
     "div", "presentedForm", "contentType", "data", "url", "content", "attachment", "container", "type", "category",
     "resourceType", "accessionIdentifier", "masterIdentifier", "method", "valueString", "conclusion"]
)  # fmt: skip
_JSON = st.recursive(_LEAVES, lambda inner: st.lists(inner, max_size=2) | st.dictionaries(_FIELDS, inner, max_size=4))


@given(
    st.sampled_from(["DiagnosticReport", "DocumentReference", "Observation", "Specimen", "Composition", "CarePlan"]),
    st.dictionaries(_FIELDS, _JSON, max_size=5),
    st.sampled_from(["pathology_report", "clinical_record", ""]),
)
def test_foreign_json_of_any_shape_is_read_calmly(kind: str, members: dict[str, Any], law: str) -> None:
    url = f"{BASE}/{kind}/x"
    item = Carried(unit="u", base=BASE, full_url=url, resource={**members, "resourceType": kind, "id": "x"})
    found = carried_evidence([item], {url: law} if law else {}, {}, frozenset())
    assert {text.report for text in found.texts} | set(found.unread) | {n.report for n in found.named} <= {url}
