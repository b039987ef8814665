"""The fixtures are what they say they are: synthetic, complete, decided and refused as README.md and index.csv tell."""

import csv
import datetime as dt
import pathlib
import re
import runpy
import typing
from collections.abc import Iterator
from typing import Any

import msgspec
import pytest

from adapter.completeness import of_case
from adapter.consent.case_facts import facts_of
from adapter.consent.decide import Decision, decide
from adapter.consent.facts import read_facts
from adapter.consent.policy import policy_for
from adapter.holding import Loaded
from adapter.sources.case_file import load_case
from adapter.sources.validated import findings
from adapter.validation import validate_resource
from mappings.domain.case import Case
from mappings.domain.native import encode_case, read_case
from mappings.domain.rights import AccountingRequest, AmendmentPart, AmendmentRequest
from mappings.fhir.wire import loads
from mappings.identity import DEFAULT_NAMESPACE
from mappings.problems import Problem, ProblemError

FIXTURES = pathlib.Path(__file__).resolve().parent.parent / "fixtures"
CASES = sorted(path.parent for path in FIXTURES.glob("cases/*/case.json"))
FHIR = sorted(path for path in FIXTURES.glob("cases/*/fhir/*") if path.is_file())
NAMES = [path.name for path in CASES]
NOW = "2026-06-01T12:00:00+00:00"
HTEST = ("http://terminology.hl7.org/CodeSystem/v3-ActReason", "HTEST")
SNOMED, ICD_O = "http://snomed.info/sct", "http://terminology.hl7.org/CodeSystem/icd-o-3"


def _load(name: str) -> Loaded:
    return load_case(FIXTURES / "cases" / name, DEFAULT_NAMESPACE)


def _decide(loaded: Loaded) -> Decision:
    return decide(facts_of(loaded, NOW), policy_for(dt.date(2026, 6, 1)))


# --- what the gate says


EXCLUDED: dict[str, tuple[str, dict[str, str]]] = {
    "authorization": (
        "permit_with_exclusions",
        {
            "proc-resection": "AUTHORIZATION_SCOPE_EXCEEDED",
            "proc-chemoradiation": "AUTHORIZATION_SCOPE_EXCEEDED",
            "doc-operative-note": "AUTHORIZATION_SCOPE_EXCEEDED",
        },
    ),
    "before-laryngectomy": ("permit", {}),
    "borderline-melanocytic": ("permit", {}),
    "cord-compression": ("permit", {}),
    "discordant-imaging-biopsy": ("permit", {}),
    "insurance-required": ("permit", {}),
    "patient-directive": (
        "permit_with_exclusions",
        {
            "mammogram-2023": "HELD_ELSEWHERE_KNOWN",
            "slide-a1#physical": "SPECIMEN_OUTSIDE_ACCESS_RIGHT",
            "slide-a1-ck5#physical": "SPECIMEN_OUTSIDE_ACCESS_RIGHT",
            "doc-peer-review": "NOT_IN_DESIGNATED_RECORD_SET",
        },
    ),
    "slides-on-loan": ("permit", {}),
    "soft-tissue-sarcoma": (
        "permit_with_exclusions",
        {
            "https://ehr.prairie-lake.example/fhir/DocumentReference/psychotherapy-note": (
                "PSYCHOTHERAPY_AUTHORIZATION_MISSING"
            )
        },
    ),
    "svc-syndrome": ("permit", {}),
}
"""Scenario -> outcome, and what is withheld with the reason; README.md says the same in words."""


def test_every_scenario_has_an_expected_outcome() -> None:
    assert sorted(EXCLUDED) == NAMES


@pytest.mark.parametrize("name", NAMES)
def test_a_case_is_decided_as_expected(name: str) -> None:
    outcome, excluded = EXCLUDED[name]
    decision = _decide(_load(name))
    assert decision.outcome == outcome
    assert set(decision.excluded) == set(excluded)
    assert set(excluded.items()) <= {(reason.item, reason.code) for reason in decision.reasons}


def test_the_undeclared_scan_is_on_the_account_and_no_item() -> None:
    loaded = _load("soft-tissue-sarcoma")
    found = {draft.source: [p.rule for p in draft.problems] for draft in loaded.drafts if draft.problems}
    assert found == {"documents/unsorted-scan.tif": ["case.undeclared"], "expected/": ["case.bundle-inside"]}
    assert {document.path for document in loaded.case.documents} == {
        "documents/clinical-history.txt",
        "documents/original-pathology-report.pdf",
    }


def test_what_repeats_another_item_is_produced_once() -> None:
    assert _decide(_load("before-laryngectomy")).duplicates == ("doc-review",)
    assert _decide(_load("patient-directive")).duplicates == ("doc-report",)


MISSING = {"authorization": ["part B"]}
"""Scenario -> what its reviewer needs and it has not."""


@pytest.mark.parametrize("name", NAMES)
def test_a_case_is_complete_for_its_scope(name: str) -> None:
    gaps = [gap.about or gap.need for gap in of_case(_load(name)).gaps if gap.level == "required"]
    assert gaps == MISSING.get(name, [])


def test_a_review_may_confirm_and_may_differ() -> None:
    degrees = {
        path.name: [comparison.degree for comparison in read_case((path / "case.json").read_bytes()).concordances]
        for path in CASES
    }
    assert {name: found for name, found in degrees.items() if found} == {
        "before-laryngectomy": ["major"],
        "svc-syndrome": ["agree"],
    }


def test_scenarios_span_the_life_of_a_request() -> None:
    status = {path.name: read_case((path / "case.json").read_bytes()).request.status for path in CASES}
    assert status["before-laryngectomy"] == "completed"
    assert {"requested", "accepted", "in-progress", "completed"} <= set(status.values())


FACTS = {
    "permit.json": ("permit", None, ()),
    "permit-with-exclusions.json": ("permit_with_exclusions", "2026-04-20", ("slide", "notes")),
    "pend.json": ("pend", None, ()),
    "deny.json": ("deny_reviewable", "2026-04-01", ("report",)),
}


def test_every_facts_file_has_an_expected_outcome() -> None:
    assert sorted(FACTS) == sorted(path.name for path in FIXTURES.glob("facts/*"))


@pytest.mark.parametrize("name", sorted(FACTS))
def test_facts_are_decided_as_expected(name: str) -> None:
    decision = decide(read_facts((FIXTURES / "facts" / name).read_bytes()), policy_for(dt.date(2026, 4, 2)))
    assert (decision.outcome, decision.deadline, decision.excluded) == FACTS[name]


# --- what is refused


class Row(typing.NamedTuple):
    """A line of index.csv."""

    path: str
    command: str
    code: str
    rule: str
    where: str
    message: str


def _index() -> list[Row]:
    with (FIXTURES / "refused" / "index.csv").open(encoding="utf-8", newline="") as stream:
        head, *rows = csv.reader(stream, strict=True)
    assert head == ["path", "command", "code", "rule", "where", "message-fragment"]
    return [Row(*row) for row in rows]


def _run(command: str, path: pathlib.Path) -> tuple[Problem, ...]:
    try:
        if command == "validate":
            return tuple(found.problem for found in findings(path, validate_resource))
        if command == "facts":
            read_facts(path.read_bytes())
            return ()
        loaded = load_case(path, DEFAULT_NAMESPACE)
        return (*loaded.problems, *(problem for draft in loaded.drafts for problem in draft.problems))
    except ProblemError as error:
        return error.problems


@pytest.mark.parametrize("path", sorted({row.path for row in _index()}))
def test_an_input_is_refused_with_exactly_its_problems(path: str) -> None:
    rows = [row for row in _index() if row.path == path]
    found = [p for p in _run(rows[0].command, FIXTURES / "refused" / path) if p.stops]
    assert sorted((p.code, p.rule, p.where) for p in found) == sorted((r.code, r.rule, r.where) for r in rows)
    for row in rows:
        assert any(row.message in p.message for p in found if (p.rule, p.where) == (row.rule, row.where))


def test_every_refused_input_is_in_the_index() -> None:
    root = FIXTURES / "refused"
    folders = {path.name for path in root.iterdir() if path.is_dir()} - {"facts", "fhir"}
    files = {path.relative_to(root).as_posix() for part in ("facts", "fhir") for path in (root / part).iterdir()}
    assert {row.path for row in _index()} == folders | files


def test_no_problem_of_a_refused_input_repeats_its_persons() -> None:
    said = " ".join(str(p) for row in _index() for p in _run(row.command, FIXTURES / "refused" / row.path))
    assert "Testpatient" not in said
    assert "REF-1" not in said
    assert "1950" not in said


# --- what they hold


OF_LETTERS = {
    "Access": ("extensions", "fees", "review"),
    "Extension": ("reasons", "until", "sent_on"),
    "Fee": ("item", "amount"),
    "DenialReview": ("requested_on", "official", "official_licensed", "decision", "decided_on"),
}
RIGHTS = {
    "Case": ("amendments", "accountings"),
    "AmendmentRequest": AmendmentRequest.__struct_fields__,
    "AmendmentPart": AmendmentPart.__struct_fields__,
    "AccountingRequest": AccountingRequest.__struct_fields__,
}
OF_THE_LAW = {
    "Access": (
        "actions",
        "asserted_reason",
        "counseling_notes_consent",
        "court_order",
        "election",
        "informed_of_written_rule",
        "inmate",
        "involvement",
        "limited_data_set",
        "manner",
        "minimum_necessary",
        "minor",
        "proceedings_consent",
        "psychotherapy_authorization",
        "received_by_associate_at",
        "required_by_law",
        "research",
        "site_demands",
        "state_consents",
        "written_required",
    ),
    "Authorization": (
        "copy_given",
        "expiry_event_occurred",
        "plain_language",
        "remuneration",
        "sought_by_holder",
        "statement_remuneration",
    ),
    "CourtOrder": ("subpoena", "under_part2"),
    "Election": ("best_interest_decision", "reasonable_belief"),
    "InLaw": (
        "data_classes",
        "names_other_person",
        "other_person_is_provider",
        "paid_in_full_out_of_pocket",
        "privacy_act_denial_ok",
        "received_under",
        "research",
        "restriction_requested",
        "scan_of",
        "source",
        "statement",
        "statement_included",
        "statement_of_disagreement",
        "topic",
    ),
    "Informant": ("access_would_reveal", "is_provider", "promised_confidentiality"),
    "Involvement": (
        "contrary_preference_known",
        "individual_agreed",
        "individual_objected",
        "involved_before_death",
        "involved_in_care",
        "opportunity_to_object",
        "professional_judgment",
    ),
    "LimitedDataSet": ("data_use_agreement", "direct_identifiers_removed"),
    "Manner": (
        "delivery",
        "device_risk_found",
        "electronic_offers_refused",
        "form_agreed",
        "form_requested",
        "offered_in_lieu",
        "readily_producible",
        "risk_warning_given",
        "still_prefers",
        "summary_agreed_in_advance",
        "summary_fee_agreed",
    ),
    "Material": ("in_law",),
    "MinimumNecessary": ("entire_record_justification", "scope"),
    "MinorPatient": (
        "asked_parent",
        "confidentiality_assent",
        "consented_alone",
        "court_or_other_consent",
        "licensed_decision",
        "state_law",
        "unemancipated",
    ),
    "Part2Consent": (
        "combined",
        "covers",
        "intermediary_participants_named",
        "known_false",
        "recipient_is_intermediary",
        "signer",
        "signer_authority_described",
    ),
    "ResearchRequest": ("death_documented", "necessary", "review", "sole_purpose", "waiver_documented"),
    "ResearchTreatment": ("agreed_to_suspension", "in_progress", "includes_treatment", "told_of_reinstatement"),
}
"""Facts that only decide: tests/adapter/consent/test_case_says.py says each of them in a case file."""

UNUSED = {
    **{f"{struct}.{name}": "what a letter is made from" for struct, names in OF_LETTERS.items() for name in names},
    **{
        f"{struct}.{name}": "no scenario asks for an amendment or an accounting"
        for struct, names in RIGHTS.items()
        for name in names
    },
    **{f"{struct}.{name}": "no scenario turns on it" for struct, names in OF_THE_LAW.items() for name in names},
    "Slide.stained_with": "no scenario codes a stain's substances",
    "Block.tissue": "told by images, or by a laboratory that codes it",
    "Slide.tissue": "told by images, or by a laboratory that codes it",
    "Part.parent": "no scenario's part comes of a larger part",
    "Authorization.revoked_in_writing_on": "a revoked authorization permits nothing",
    "Part2Consent.revoked_on": "a revoked consent permits nothing",
    "Case.documents": "made from `materials` when the folder is loaded",
}
"""Fields of the native format that no case.json uses, with the reason."""


def _structs(hint: Any, found: dict[str, type]) -> dict[str, type]:
    if isinstance(hint, type) and issubclass(hint, msgspec.Struct) and hint.__name__ not in found:
        found[hint.__name__] = hint
        for inner in typing.get_type_hints(hint).values():
            _structs(inner, found)
    for inner in typing.get_args(hint):
        _structs(inner, found)
    return found


def _used(kind: Any, raw: Any) -> Iterator[str]:
    """The `Struct.field` names that a JSON value uses, read beside the type it is decoded to."""
    for option in (kind, *typing.get_args(kind)):
        if isinstance(option, type) and issubclass(option, msgspec.Struct) and isinstance(raw, dict):
            hints = typing.get_type_hints(option)
            for field in msgspec.structs.fields(option):
                if field.encode_name in raw:
                    yield f"{option.__name__}.{field.name}"
                    yield from _used(hints[field.name], raw[field.encode_name])
        elif isinstance(raw, list) and typing.get_origin(option) is tuple:
            for item in raw:
                yield from _used(typing.get_args(option)[0], item)


def test_every_field_of_the_native_format_occurs() -> None:
    known = {f"{name}.{f.name}" for name, kind in _structs(Case, {}).items() for f in msgspec.structs.fields(kind)}
    used = {name for path in CASES for name in _used(Case, loads((path / "case.json").read_bytes()))}
    assert {name for name in known - used if not name.startswith("Document.")} == set(UNUSED)


def test_every_field_of_a_document_is_made_or_unknown() -> None:
    documents = [document for name in NAMES for document in _load(name).case.documents]
    empty = {
        f.name for f in msgspec.structs.fields(type(documents[0])) if not any(getattr(d, f.name) for d in documents)
    }
    assert empty == set()


@pytest.mark.parametrize("path", CASES, ids=NAMES)
def test_a_case_survives_reading_and_writing(path: pathlib.Path) -> None:
    case = read_case((path / "case.json").read_bytes())
    assert read_case(encode_case(case)) == case


def test_awkward_values_are_there_and_survive() -> None:
    written = {path.name: encode_case(read_case((path / "case.json").read_bytes())).decode() for path in CASES}
    assert '"value": 1.90' in written["borderline-melanocytic"]
    assert '"onset": "2025-09"' in written["soft-tissue-sarcoma"]
    assert '"authored_on": "2025-11-03T10:30:00+10:00"' in written["discordant-imaging-biopsy"]
    assert "測試梅" in written["discordant-imaging-biopsy"]
    assert "Testpatient-Grün" in written["cord-compression"]
    sections = read_case(written["discordant-imaging-biopsy"].encode()).reports[0].sections
    assert max(len(section.text) for section in sections) > 2000


def test_one_report_has_two_addenda() -> None:
    case = read_case((FIXTURES / "cases/borderline-melanocytic/case.json").read_bytes())
    assert [report.id for report in case.reports if report.addendum_of == "report-original"] == [
        "report-addendum-1",
        "report-addendum-2",
    ]


def test_images_of_the_two_series_keep_their_times_apart() -> None:
    [study] = _load("discordant-imaging-biopsy").case.studies
    assert sorted(str(series.started) for series in study.series) == [
        "2025-10-16T14:15:12+10:00",
        "2025-10-16T14:16:22.50+10:00",
    ]


# --- that they are synthetic


def _resources() -> Iterator[tuple[str, Any]]:
    for path in FHIR:
        data = path.read_bytes()
        texts = data.splitlines() if path.suffix == ".ndjson" else [data]
        for number, text in enumerate(texts):
            yield f"{path.parent.parent.name}/{path.name}#{number}", loads(text)


RESOURCES = dict(_resources())


@pytest.mark.parametrize("name", sorted(RESOURCES))
def test_a_fhir_input_is_valid(name: str) -> None:
    assert [problem for problem in validate_resource(RESOURCES[name]) if problem.stops] == []


@pytest.mark.parametrize("name", sorted(RESOURCES))
def test_a_fhir_input_is_marked_as_test_data(name: str) -> None:
    resource = RESOURCES[name]
    for one in (resource, *(entry["resource"] for entry in resource.get("entry", ()))):
        assert HTEST in {(label["system"], label["code"]) for label in one["meta"]["security"]}


@pytest.mark.parametrize("path", CASES, ids=NAMES)
def test_a_case_is_marked_and_its_people_are_invented(path: pathlib.Path) -> None:
    case = read_case((path / "case.json").read_bytes())
    assert case.test_data
    names = [case.patient.names, *(p.names for p in case.practitioners), *(p.names for p in case.related_persons)]
    families = {name.family for several in names for name in several if name.family}
    assert {name for name in families if not name.startswith("Test")} <= {"測試"}
    assert all("(synthetic)" in organization.name for organization in case.organizations)
    numbered = [*(o.identifiers for o in case.organizations), *(p.identifiers for p in case.practitioners)]
    npis = {number.value for several in numbered for number in several if number.kind == "NPI"}
    assert {number[:5] for number in npis} <= {"99999"}, "no provider has a number that begins with 9"


PUBLIC = {
    "w3id.org", "hl7.org", "terminology.hl7.org", "snomed.info", "loinc.org", "unitsofmeasure.org", "dicom.nema.org",
    "ncicb.nci.nih.gov", "www.w3.org",
}  # fmt: skip


def test_every_address_is_of_nobody() -> None:
    texts = [path.read_text("utf-8") for path in (*FHIR, *FIXTURES.glob("cases/*/case.json"))]
    hosts = {host for text in texts for host in re.findall(r"(?:https?://|@)([a-z0-9.-]+)", text)}
    assert {host for host in hosts - PUBLIC if not host.endswith(".example")} == set()
    numbers = {number for text in texts for number in re.findall(r"\+1-\d{3}-\d{4}", text)}
    assert {number for number in numbers if not number.startswith("+1-555-01")} == set()


def _codings(value: Any) -> Iterator[tuple[str, str, str | None]]:
    if isinstance(value, dict):
        if isinstance(value.get("system"), str) and isinstance(value.get("code"), str):
            yield value["system"], value["code"], value.get("display")
        for inner in value.values():
            yield from _codings(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from _codings(inner)


def _all_codings() -> set[tuple[str, str, str | None]]:
    values = [*RESOURCES.values(), *(loads((path / "case.json").read_bytes()) for path in CASES)]
    return {coding for value in values for coding in _codings(value)}


def test_licensed_code_systems_stand_without_their_words() -> None:
    shown = {(system, code) for system, code, display in _all_codings() if display is not None}
    assert not [code for system, code in shown if system == ICD_O or "cap.org" in system or "ama-assn" in system]


def test_codes_are_verified(shared: pathlib.Path) -> None:
    with (shared / "standards" / "codes.tsv").open(encoding="utf-8", newline="") as stream:
        rows = [row for row in csv.DictReader(stream, delimiter="\t") if row["verified"] == "yes"]
    verified = {(row["system"], row["code"]) for row in rows}
    free = {(row["system"], row["code"]) for row in rows if "SNOMED GPS" in row["source"]}
    used = _all_codings()
    checked = {(s, c) for s, c, _ in used if s in (SNOMED, "http://loinc.org") or "v2-0" in s or "v3-" in s}
    assert checked - verified == set()
    assert {(s, c) for s, c, display in used if s == SNOMED and display} - free == set()


# --- that they can be rebuilt


MADE: dict[str, bytes] = runpy.run_path(str(FIXTURES / "make_binaries.py"))["binaries"]()
PDFS = sorted(path for path in MADE if path.endswith(".pdf"))


@pytest.mark.parametrize("path", sorted(MADE))
def test_a_binary_file_is_what_the_script_makes(path: str) -> None:
    assert (FIXTURES / path).read_bytes() == MADE[path]


def test_every_binary_file_is_made_by_the_script() -> None:
    texts = {".json", ".ndjson", ".txt", ".csv", ".md", ".py", ".pyc", ".html", ".xml"}
    binary = {
        p.relative_to(FIXTURES).as_posix() for p in FIXTURES.glob("[cr]*/**/*") if p.is_file() and p.suffix not in texts
    }
    assert {path for path in binary if "/expected/" not in path} == set(MADE)


@pytest.mark.parametrize("path", PDFS)
def test_a_pdf_points_at_its_own_objects(path: str) -> None:
    data = MADE[path]
    start = int(data.rsplit(b"startxref\n", 1)[1].split(b"\n")[0])
    lines = data[start:].split(b"\n")
    count = int(lines[1].split()[1])
    assert lines[0] == b"xref"
    for number in range(1, count):
        place = int(lines[2 + number].split()[0])
        assert data[place:].startswith(b"%d 0 obj\n" % number)
    for length, stream in re.findall(rb"/Length (\d+) >>\nstream\n(.*?)\nendstream", data, re.S):
        assert int(length) == len(stream)
