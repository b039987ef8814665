"""The laws of the product over every scenario of the fixtures, each as one fact."""

import ast
import base64
import csv
import hashlib
import importlib
import inspect
import json
import pkgutil
import re
import zipfile
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple
from uuid import UUID, uuid5

import msgspec
import pydicom
import pytest

import mappings.domain
from adapter.config import Settings
from adapter.delivery.bundle_import import import_bundle
from adapter.ledger.store import Ledger
from adapter.pipeline import Exported, export_case
from mappings.domain.values import Fact, Moment
from tests import golden, small_case
from tests.small_case import BASE, NOTE, PATIENT, REPORT, bundle, case, delivered, export, strings

ROOT = Path(__file__).resolve().parent.parent
NAMES = golden.scenarios()
LATER = Moment("2026-03-16T11:00:00-04:00")
SPACE = UUID("4b1e8f5a-2d3c-5e6f-8a9b-0c1d2e3f4a5b")


class Done(NamedTuple):
    """One scenario as it was exported."""

    source: Path
    exported: Exported
    files: dict[str, bytes]

    @property
    def entries(self) -> list[Any]:
        """The entries of bundle.json."""
        return list(json.loads(self.files["bundle.json"])["entry"])

    @property
    def ours(self) -> list[Any]:
        """The entries that we made."""
        return [entry for entry in self.entries if entry["fullUrl"].startswith("urn:uuid:")]


@pytest.fixture(scope="module")
def exports(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Done]:
    """Every scenario, exported once."""
    made = {}
    for name in NAMES:
        folder = tmp_path_factory.mktemp(name)
        source = golden.source(name, folder)
        done = golden.export(source, folder / "out")
        made[name] = Done(source, done, delivered(folder / "out"))
    return made


# --- what is written is read back the same

ROUND_TRIPS = {
    "Access": "consent",
    "Block": "specimen",
    "CaseDocument": "composition",
    "Concordance": "observation",
    "Coverage": "coverage",
    "CustodyEvent": "custody_task",
    "DenialReview": "review_task",
    "Diagnosis": "condition",
    "DisclosureRecord": "audit_event",
    "Document": "document_reference",
    "Endpoint": "endpoint",
    "Finding": "observation",
    "GateRecord": "decision_event",
    "ImagingStudy": "imaging_study",
    "Notice": "communication",
    "Organization": "organization",
    "Origin": "provenance",
    "Part": "specimen",
    "Patient": "patient",
    "Practitioner": "practitioner",
    "Procedure": "procedure",
    "RelatedPerson": "related_person",
    "Report": "diagnostic_report",
    "ReviewRequest": "service_request",
    "Role": "practitioner_role",
    "Slide": "specimen",
    "SpecimenRelease": "specimen_release",
}
"""Domain type -> the mapper whose test writes it and reads it back."""

PARTS = {
    "Accreditation", "Address", "Agent", "Authorization", "Code", "Concept", "Contact", "ContentSection",
    "DecisionFactors", "Difference", "Directive", "Grounds", "Identifier", "Instance", "Loan", "NetworkPoint",
    "Part2Consent", "PersonName", "PlannedTreatment", "Quantity", "Representation", "RequestEvent", "Section", "Series",
    "Span", "Withheld",
}  # fmt: skip
"""Types that are written as part of those above."""

NO_FHIR_FORM = {
    "Case": "the root: bundle.json is its form, and import reads case.json",
    "Determination": "stays with the holder (45 CFR 164.524(a)(3)): it goes to no recipient",
    "AccountingRequest": "stays with the holder; the letter that answers it is a Notice",
    "AmendmentPart": "as its request",
    "AmendmentRequest": "stays with the holder; the letter that answers it is a Notice",
    "DiscordanceRate": "a row of a table that ships with the product; the request names the group",
    "Extension": "stays with the holder; the letter that says it is a Notice",
    "Fact": "the base of all of them",
    "Fee": "stays with the holder; the letter that says it is a Notice",
    "Identity": "what a source says of a person; compared, never written",
    "Item": "the base of what has a local name",
    "KnownAs": "how a source knows the patient: of case.json alone, so that no other name leaves by FHIR",
    "Material": "a line of case.json that says what a file is in law",
    "Record": "computed from the record of custody, shown to the holder",
    "Restriction": "stays with the holder (45 CFR 164.522(a)): it goes to no recipient",
    "Setting": "what following the record of custody takes of a case",
    "SourceSettings": "how to read a source; of case.json alone",
    "Turnaround": "computed from the request; its dates are written with the request",
    "Whereabouts": "computed from the record of custody, shown to the holder",
    **dict.fromkeys(
        (
            "CourtOrder",
            "Election",
            "InLaw",
            "Informant",
            "Involvement",
            "LimitedDataSet",
            "Manner",
            "MinimumNecessary",
            "MinorPatient",
            "ResearchRequest",
            "ResearchTreatment",
        ),
        "a fact that decides; it stays with the holder",
    ),
    "Stage": "no field holds one: a stage is a Concept",
}


def _domain() -> set[str]:
    modules = [
        importlib.import_module(m.name) for m in pkgutil.walk_packages(mappings.domain.__path__, "mappings.domain.")
    ]
    kinds = (kind for module in modules for _, kind in inspect.getmembers(module, inspect.isclass))
    return {
        kind.__name__
        for kind in kinds
        if issubclass(kind, msgspec.Struct) and kind.__module__.startswith("mappings.domain")
    }


def test_every_domain_type_is_written_or_is_listed_with_the_reason() -> None:
    assert _domain() == {*ROUND_TRIPS, *PARTS, *NO_FHIR_FORM}
    assert len(ROUND_TRIPS) + len(PARTS) + len(NO_FHIR_FORM) == len(_domain())


@pytest.mark.parametrize("mapper", sorted(set(ROUND_TRIPS.values())))
def test_a_mapper_has_a_test_that_reads_back_generated_values(mapper: str) -> None:
    tree = ast.parse((ROOT / f"tests/mappings/fhir/test_{mapper}.py").read_text("utf-8"))
    tests = [node for node in tree.body if isinstance(node, ast.FunctionDef) and node.name.startswith("test_")]
    given = {t.name for t in tests if "given" in {getattr(getattr(d, "func", d), "id", "") for d in t.decorator_list}}
    compares = {t.name for t in tests if any(isinstance(n, ast.Assert) and "==" in ast.unparse(n) for n in ast.walk(t))}
    reads = {t.name for t in tests if "from_fhir" in ast.unparse(t) or "there_and_back(" in ast.unparse(t)}
    assert given & compares & reads


# --- same in, same out


@pytest.mark.parametrize("name", NAMES)
def test_the_same_case_at_the_same_time_gives_the_same_bytes(
    name: str, exports: dict[str, Done], tmp_path: Path
) -> None:
    golden.export(golden.source(name, tmp_path), tmp_path / "again")
    assert delivered(tmp_path / "again") == exports[name].files


@pytest.mark.parametrize("name", ["cord-compression", "soft-tissue-sarcoma"])
def test_a_zip_is_the_same_tree_and_the_same_bytes(name: str, exports: dict[str, Done], tmp_path: Path) -> None:
    for number in ("1", "2"):
        golden.export(exports[name].source, tmp_path / f"{number}.zip")
    assert (tmp_path / "1.zip").read_bytes() == (tmp_path / "2.zip").read_bytes()
    with zipfile.ZipFile(tmp_path / "1.zip") as archive:
        assert {entry: archive.read(entry) for entry in archive.namelist()} == exports[name].files


@pytest.mark.parametrize("name", NAMES)
def test_an_identical_redelivery_keeps_the_first_time(name: str, exports: dict[str, Done], tmp_path: Path) -> None:
    settings = Settings(ledger=f"sqlite:///{tmp_path}/ledger.sqlite3")
    for target, now in (("first", golden.NOW), ("second", LATER)):
        export_case(exports[name].source, tmp_path / target, settings, now)
    assert delivered(tmp_path / "second") == exports[name].files
    ledger = Ledger(settings.ledger)
    [release] = ledger.rows("release")
    assert (release["decided_at"], release["state"]) == (str(golden.NOW), "delivered")
    assert {row["disclosed_at"] for row in ledger.rows("disclosure")} == {str(golden.NOW), str(LATER)}
    assert {row["decided_at"] for row in ledger.rows("decision")} == {str(golden.NOW), str(LATER)}
    ledger.close()


def test_a_decision_that_excludes_something_else_is_written_down_though_the_same_goes(tmp_path: Path) -> None:
    settings = Settings(ledger=f"sqlite:///{tmp_path}/ledger.sqlite3")
    files = {"fhir/p.json": PATIENT, "fhir/report.json": REPORT}
    for name, more in (("one", {}), ("two", {"fhir/note.json": NOTE})):
        export_case(small_case.write(tmp_path / name, files | more), tmp_path / "out", settings, golden.NOW)
    ledger = Ledger(settings.ledger)
    assert sorted(row["excluded"] for row in ledger.rows("decision")) == [
        [],
        [f"{BASE}/DocumentReference/{NOTE['id']}"],
    ]
    assert len(ledger.rows("release")) == 1
    assert [(row["disclosed_at"], row["accounting"]) for row in ledger.rows("disclosure")] == [
        (str(golden.NOW), "exempt")
    ]
    ledger.close()


def test_a_changed_case_is_decided_anew(tmp_path: Path) -> None:
    settings = Settings(ledger=f"sqlite:///{tmp_path}/ledger.sqlite3")
    files = {"fhir/p.json": PATIENT, "fhir/report.json": REPORT}
    for number, (conclusion, now) in enumerate((("Sarcoma.", golden.NOW), ("No sarcoma.", LATER))):
        place = small_case.write(
            tmp_path / f"case{number}", files | {"fhir/report.json": {**REPORT, "conclusion": conclusion}}
        )
        export_case(place, tmp_path / f"out{number}", settings, now)
    times = [
        json.loads((tmp_path / f"out{number}/manifest.json").read_text("utf-8"))["released_at"] for number in (0, 1)
    ]
    assert times == [str(golden.NOW), str(LATER)]


def _again(
    source: Path, folder: Path, settings: Settings, now: Moment = golden.NOW
) -> tuple[dict[str, bytes], dict[str, bytes]]:
    """What is delivered of a case, and of what it becomes when it is imported."""
    export_case(source, folder / "one", msgspec.structs.replace(settings, ledger=f"sqlite:///{folder}/1.db"), now)
    import_bundle(folder / "one", folder / "back")
    export_case(
        folder / "back", folder / "two", msgspec.structs.replace(settings, ledger=f"sqlite:///{folder}/2.db"), now
    )
    return delivered(folder / "one"), delivered(folder / "two")


@pytest.mark.parametrize("name", NAMES)
def test_an_imported_bundle_is_exported_to_the_same_bytes(name: str, exports: dict[str, Done], tmp_path: Path) -> None:
    first, second = _again(exports[name].source, tmp_path, Settings())
    assert second == first == exports[name].files


def test_an_imported_bundle_is_sealed_anew(exports: dict[str, Done], tmp_path: Path) -> None:
    key = tmp_path / "key.pem"
    key.write_bytes(_private_key())
    first, second = _again(exports["soft-tissue-sarcoma"].source, tmp_path, Settings(signing_key=key, namespace=SPACE))
    assert second.pop("manifest.jws") != first.pop("manifest.jws"), "ES384 is randomised"
    assert second == first


def _private_key() -> bytes:
    from joserfc.jwk import ECKey

    return bytes(ECKey.generate_key("P-384").as_pem(private=True))


URN = "urn:uuid:00000000-0000-4000-8000-00000000000"
NO_ID = {key: value for key, value in REPORT.items() if key != "id"}
OTHER = "https://archive.example/fhir"
FOLDERS: dict[str, tuple[dict[str, Any], dict[str, Any]]] = {
    "no-base": ({"fhir/p.json": PATIENT, "fhir/o.json": REPORT}, case(sources=[])),
    "no-id": ({"fhir/p.json": PATIENT, "fhir/o.json": NO_ID}, case()),
    "no-id-no-base": ({"fhir/p.json": PATIENT, "fhir/o.json": NO_ID}, case(sources=[])),
    "urns": (
        {"b.json": bundle((f"{URN}1", PATIENT), (f"{URN}2", {**REPORT, "subject": {"reference": f"{URN}1"}}))},
        case(),
    ),
    "no-full-urls": ({"b.json": bundle((None, PATIENT), (None, REPORT))}, case()),
    "neither": ({"b.json": bundle((None, PATIENT), (None, NO_ID))}, case()),
    "repeated": (
        {
            "fhir/p.json": PATIENT,
            "fhir/a.json": REPORT,
            "b.json": bundle((f"{OTHER}/Patient/p", PATIENT), (f"{OTHER}/DiagnosticReport/report", REPORT)),
        },
        case(),
    ),
    "repeated-between-others": (
        {
            "fhir/a.json": REPORT,
            "fhir/b.json": bundle((f"{OTHER}/Patient/p", PATIENT), (f"{OTHER}/DiagnosticReport/report", REPORT)),
            "fhir/p.json": PATIENT,
        },
        case(),
    ),
    "contradicting": (
        {
            "fhir/p.json": PATIENT,
            "fhir/a.json": {**REPORT, "subject": {"reference": f"{BASE}/Patient/p"}},
            "fhir/b.json": {**REPORT, "subject": {"reference": f"{BASE}/Patient/p"}, "conclusion": "No sarcoma."},
        },
        case(),
    ),
    "same-file-names": (
        {"a.txt": "one", "x/a.txt": "two", "x/y/A.TXT": "three", "x/.hidden": "four"},
        case(
            materials=[{"path": p, "kind": "clinical_record"} for p in ("a.txt", "x/a.txt", "x/y/A.TXT", "x/.hidden")]
        ),
    ),
    "document-in-json": ({"a.json": '{"a": 1}'}, case(materials=[{"path": "a.json", "kind": "clinical_record"}])),
    "vouched-for": (
        {"fhir/o.json": {**REPORT, "subject": {"reference": "Patient/elsewhere"}}},
        case(materials=[{"item": "DiagnosticReport/report", "kind": "pathology_report"}]),
    ),
}


@pytest.mark.parametrize("folder", FOLDERS)
def test_any_shape_of_source_survives_export_and_import(folder: str, tmp_path: Path) -> None:
    files, told = FOLDERS[folder]
    first, second = _again(small_case.write(tmp_path / "case", files, told), tmp_path, Settings())
    assert second == first
    entries = json.loads(first["bundle.json"])["entry"]
    theirs = {entry["resource"]["resourceType"] for entry in entries if entry["fullUrl"].startswith("http")}
    theirs |= {entry["resource"]["resourceType"] for entry in entries if entry["fullUrl"].startswith(URN)}
    theirs |= {entry["resource"]["resourceType"] for entry in entries} & {"DocumentReference"}
    assert theirs & {"DiagnosticReport", "DocumentReference"}, "the material itself was delivered"


# --- nothing from nowhere


def _constants() -> set[str]:
    """Every text constant in mappings/, docstrings apart; the pieces of f-strings are constants too."""
    found: set[str] = set()
    for path in (ROOT / "mappings").rglob("*.py"):
        tree = ast.parse(path.read_text("utf-8"))
        bodies = [n.body for n in ast.walk(tree) if isinstance(n, (ast.Module, ast.ClassDef, ast.FunctionDef))]
        docs = {id(s.value) for body in bodies for s in body if isinstance(s, ast.Expr)}
        found |= {
            n.value
            for n in ast.walk(tree)
            if isinstance(n, ast.Constant) and isinstance(n.value, str) and id(n) not in docs
        }
    return found


def _cells() -> set[str]:
    paths = [*(ROOT / "mappings").rglob("*.csv"), ROOT / "adapter/consent/reasons.csv"]
    return {cell for path in paths for row in csv.reader(path.read_text("utf-8").splitlines()) for cell in row}


def _fields() -> set[str]:
    """Names of fields of the domain, as codes write them."""
    modules = [
        importlib.import_module(m.name) for m in pkgutil.walk_packages(mappings.domain.__path__, "mappings.domain.")
    ]
    kinds = [
        kind for module in modules for _, kind in inspect.getmembers(module, inspect.isclass) if issubclass(kind, Fact)
    ]
    return {name.replace("_", "-") for kind in kinds for name in kind.__struct_fields__}


CANONICAL = "https://w3id.org/second-opinion/fhir"
KNOWN = _constants() | _cells() | _fields()
BASES = (f"{CANONICAL}/StructureDefinition/", "http://hl7.org/fhir/us/mcode/StructureDefinition/mcode-")
EXTENSIONS = {f"{base}{name}" for base in BASES for name in KNOWN}
SYSTEMS = {f"{CANONICAL}/{part}/{name}" for part in ("CodeSystem", "sid") for name in KNOWN}

WINDOWS = {
    "authorization": {"2026-02-03", "2026-02-06", "2026-02-12"},
    "before-laryngectomy": {"2025-09-24", "2025-10-08", "2025-10-22"},
    "borderline-melanocytic": {"2025-10-31"},
    "cord-compression": {"2026-01-18"},
    "discordant-imaging-biopsy": {"2025-11-06", "2025-11-20", "2025-12-04"},
    "insurance-required": {"2025-11-05", "2025-11-10", "2025-11-17"},
    "patient-directive": {"2026-01-15", "2026-01-22"},
    "slides-on-loan": {"2026-01-06", "2026-01-09", "2026-01-15"},
    "soft-tissue-sarcoma": {"2025-12-03", "2025-12-08"},
    "svc-syndrome": {"2026-02-11"},
}
"""Turnaround: 3 to 7 business days (pathology), 14 to 28 days (multidisciplinary) from acceptance, less when urgent.

Counted by hand: 11 November and the third Monday of January are federal holidays.
"""

KEPT = {
    "insurance-required": {"2035-10-22"},
    "slides-on-loan": {"2035-12-22"},
    "soft-tissue-sarcoma": {"2035-11-24"},
}
"""Ten years from the day the last final report of the first diagnosis was issued: so long originals are kept."""


def _of_images(source: Path) -> set[str]:
    """What the headers of the images say, names as people write them, times with each offset the cases configure."""
    found: set[str] = set()
    for path in (p for p in source.rglob("*") if p.is_file() and p.read_bytes()[128:132] == b"DICM"):
        header = pydicom.dcmread(path, stop_before_pixels=True)
        values = [str(element.value) for element in header.iterall() if element.VR != "SQ"]
        found |= {*values, *(f"urn:oid:{value}" for value in values)}
        found |= {" ".join(reversed(str(e.value).split("^"))) for e in header.iterall() if e.VR == "PN"}
        for kind in ("Study", "Series", "Content"):
            day, time = str(header.get(f"{kind}Date", "")), str(header.get(f"{kind}Time", ""))
            clock = f"{day[:4]}-{day[4:6]}-{day[6:8]}T{time[:2]}:{time[2:4]}:{time[4:6]}{time[6:]}"
            found |= {f"{clock}{offset}" for offset in ("-04:00", "-05:00", "+10:00")}
        found |= _enclosed(header)
        used = [e for e in header.iterall() if e.tag == (0x0040, 0xA168) and "stain" in str(e.value[0].CodeMeaning)]
        found.add("; ".join(e.value[0].CodeMeaning for e in used))
    return found


def _enclosed(header: pydicom.Dataset) -> set[str]:
    """The document that an instance encloses: its place in the bundle, its bytes, and what tells of them."""
    if "EncapsulatedDocument" not in header:
        return set()
    data = header.EncapsulatedDocument[: header.EncapsulatedDocumentLength]
    sha1 = hashlib.sha1(data, usedforsecurity=False).digest()
    texts = {base64.b64encode(data), base64.b64encode(sha1)}
    return {"documents/enclosed.pdf", hashlib.sha256(data).hexdigest(), *(text.decode() for text in texts)}


def _specimens(texts: set[str]) -> set[str]:
    """The names of what headers tell of: from issuer and label."""
    issuers = {text for text in texts if text.startswith("https:")}
    pairs = (_within(issuer, label) for issuer in issuers for label in texts)
    return {f"specimen-{hashlib.sha256(pair.encode()).hexdigest()[:16]}" for pair in pairs}


def _of_files(source: Path) -> set[str]:
    found: set[str] = set()
    for path in (p for p in source.rglob("*") if p.is_file()):
        data = path.read_bytes()
        sha1 = hashlib.sha1(data, usedforsecurity=False).digest()
        found |= {
            path.name,
            hashlib.sha256(data).hexdigest(),
            base64.b64encode(sha1).decode(),
            base64.b64encode(data).decode(),
        }
    return found


TYPES = {"application/pdf", "text/plain", "image/tiff", "application/octet-stream"}
"""Media types told from the first bytes of a file."""


def _within(*parts: str) -> str:
    return "|".join(part.replace("\\", "\\\\").replace("|", "\\|") for part in parts)


def _ids(told: Any, more: set[str]) -> set[str]:
    """uuid5 of `system|value` for the case, for every local name and for what we add to it."""
    number = min((i["system"], i["value"]) for i in told["patient"]["identifiers"])
    person, space = _within(*number), uuid5(UUID("6ba7b811-9dad-11d1-80b4-00c04fd430c8"), CANONICAL)
    names = {"patient", "release", *strings(told), *more}
    names |= {
        f"{name}#{part}" for name in names for part in ("task", "abort", "binary", "consent", "consent-2", "consent-3")
    }
    names |= {f"{name}.{part}" for name in names for part in ("release", "origin")}
    values = {f"{CANONICAL}/sid/item|{_within(person, told['id'], name)}" for name in names}
    values |= {f"{CANONICAL}/sid/case|{_within(person, told['id'])}"}
    values |= {
        f"{system}|{text}" for text in strings(told) for system in ("http://hl7.org/fhir/sid/us-npi", "urn:dicom:uid")
    }
    return {str(uuid5(space, value)) for value in values}


@pytest.mark.parametrize("name", NAMES)
def test_nothing_we_write_comes_from_nowhere(name: str, exports: dict[str, Done]) -> None:
    done = exports[name]
    told = json.loads((done.source / "case.json").read_text("utf-8"))
    images = _of_images(done.source)
    ids = _ids(told, _specimens(images))
    sections = {f"{mark}section-{number}" for mark in ("", "#") for number in range(1, 10)}
    input_ = set(strings(told)) | {
        entry["fullUrl"] for entry in done.entries if not entry["fullUrl"].startswith("urn:uuid:")
    }
    derived = ids | {f"urn:uuid:{one}" for one in ids} | sections | WINDOWS[name] | {str(golden.NOW)} | TYPES
    known = input_ | derived | KNOWN | EXTENSIONS | SYSTEMS | images | _of_files(done.source)
    known |= {f"urn:oid:{text}" for text in input_} | KEPT.get(name, set())
    assert {text for entry in done.ours for text in strings(entry)} - known == set()


# --- released + withheld = requested


@pytest.mark.parametrize("name", NAMES)
def test_every_item_is_released_withheld_or_a_duplicate_and_only_one_of_them(
    name: str, exports: dict[str, Done]
) -> None:
    checked = exports[name].exported.checked
    decision = checked.decision
    fates = Counter((*decision.released, *decision.excluded, *decision.duplicates))
    assert fates == Counter(item.id for item in checked.facts.materials)
    assert set(fates.values()) == {1}


@pytest.mark.parametrize("name", NAMES)
def test_what_is_released_is_delivered_and_what_is_withheld_is_not(name: str, exports: dict[str, Done]) -> None:
    done = exports[name]
    decision = done.exported.checked.decision
    native = {item.get("id") for item in _objects(json.loads(done.files["case.json"]))}
    there = native | {entry["fullUrl"] for entry in done.entries}
    glass = {item for item in decision.released if item.endswith("#physical")}
    assert set(decision.released) - glass - there == set()
    assert {item.removesuffix("#physical") for item in glass} - there == set()
    assert {item for item in decision.excluded if not item.endswith("#physical")} & there == set()
    assert set(decision.duplicates) & there == set()


def _objects(value: Any) -> Iterator[Any]:
    inner = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    yield from [value] if isinstance(value, dict) else []
    for one in inner:
        yield from _objects(one)


@pytest.mark.parametrize("name", NAMES)
def test_every_unit_is_on_the_account_once(name: str, exports: dict[str, Done]) -> None:
    done = exports[name]
    own = {"case.json"}
    files = {p.relative_to(done.source).as_posix() for p in done.source.rglob("*") if p.is_file()} - own
    sources = [unit.source for unit in done.exported.account.units]
    assert {source.split("#")[0] for source in sources} == files
    assert len(set(sources)) == len(sources)


# --- one bundle, one person, no loose ends


@pytest.mark.parametrize("name", NAMES)
def test_entries_are_unique(name: str, exports: dict[str, Done]) -> None:
    entries = exports[name].entries
    assert max(Counter(entry["fullUrl"] for entry in entries).values()) == 1
    assert max(Counter(json.dumps(entry["resource"], sort_keys=True) for entry in entries).values()) == 1


@pytest.mark.parametrize("name", NAMES)
def test_no_reference_that_we_wrote_dangles(name: str, exports: dict[str, Done]) -> None:
    done = exports[name]
    there = {entry["fullUrl"] for entry in done.entries} | set(done.files)
    for entry in done.ours:
        inside = {f"#{one['id']}" for one in entry["resource"].get("contained", ())}
        pointers = {one["reference"] for one in _objects(entry["resource"]) if isinstance(one.get("reference"), str)}
        pointers |= {one["url"] for one in _objects(entry["resource"]) if {"url", "contentType"} <= set(one)}
        assert pointers - there - inside == set()


@pytest.mark.parametrize("name", NAMES)
def test_every_entry_is_about_the_one_patient(name: str, exports: dict[str, Done]) -> None:
    done = exports[name]
    told = json.loads((done.source / "case.json").read_text("utf-8"))["patient"]
    known = {i["value"] for one in (told, *told.get("known_as", ())) for i in one.get("identifiers", ())}
    patients = {e["fullUrl"]: e["resource"] for e in done.entries if e["resource"]["resourceType"] == "Patient"}
    assert {i["value"] for one in patients.values() for i in one["identifier"]} <= known
    subjects = {entry["resource"].get("subject", {}).get("reference") for entry in done.ours} - {None}
    assert subjects <= set(patients)


# --- decimals, times and order survive


def _tokens(text: str) -> Any:
    """A JSON text with the order of its keys and its numbers as they are written."""
    return json.loads(text, object_pairs_hook=lambda pairs: ("object", pairs), parse_float=str, parse_int=str)


def _resources_as_written(source: Path) -> Iterator[Any]:
    for path in sorted(source.glob("fhir/*")):
        text = path.read_text("utf-8")
        for part in text.splitlines() if path.suffix == ".ndjson" else [text]:
            yield from _resource_tokens(_tokens(part))


def _resource_tokens(value: Any) -> Iterator[Any]:
    members = dict(value[1])
    inner = [dict(entry[1])["resource"] for entry in members.get("entry", ())]
    yield from inner if members["resourceType"] == "Bundle" else [value]


CARRIED = [name for name in NAMES if (golden.CASES / name / "fhir").is_dir()]


@pytest.mark.parametrize("name", CARRIED)
def test_what_came_as_fhir_leaves_as_it_came(name: str, exports: dict[str, Done]) -> None:
    done = exports[name]
    written = [json.dumps(one) for one in _resources_as_written(done.source)]
    entries = [dict(entry[1]) for entry in dict(_tokens(done.files["bundle.json"].decode())[1])["entry"]]
    carried = [json.dumps(e["resource"]) for e in entries if not e["fullUrl"].startswith("urn:uuid:")]
    assert len(carried) > 1
    assert [one for one in carried if one not in written and "SUBSETTED" not in one] == []


def test_fixtures_hold_decimals_that_a_float_would_change(exports: dict[str, Done]) -> None:
    labs = exports["insurance-required"].files["bundle.json"].decode()
    assert re.findall(r'"value": ([0-9.]+)', labs).count("2.10") == 1
    assert '"value": 8.70,' in labs


def _finding(name: str, value: str) -> str:
    return f'{{"id": "{name}", "kind": "tumor-size", "quantity": {{"value": {value}, "unit": "mm"}}}}'


def test_decimals_keep_their_digits(tmp_path: Path) -> None:
    numbers = {"a": "72.50", "b": "1E-8", "c": "1.0", "d": "100000000000000000000.10"}
    report = '{"id": "report", "role": "original", "kind": "surgical-pathology", "status": "final", "findings": ['
    report += ", ".join(_finding(name, value) for name, value in numbers.items()) + "]}"
    text = json.dumps(case())[:-1] + f', "reports": [{report}]}}'
    observation = json.dumps({"resourceType": "Observation", "id": "o", "subject": {"reference": "Patient/p"}})[:-1]
    values = ", ".join(f'{{"code": {{"text": "{n}"}}, "valueQuantity": {{"value": {v}}}}}' for n, v in numbers.items())
    observation += f', "status": "final", "code": {{"text": "sizes"}}, "component": [{values}]}}'
    files = export(tmp_path, {"case.json": text, "fhir/p.json": PATIENT, "fhir/o.json": observation})
    written = Counter(re.findall(r'"value": ([-+0-9.Ee]+)', files["bundle.json"].decode()))
    assert written == {"72.50": 2, "1E-8": 2, "1.0": 2, "100000000000000000000.10": 2}


TIMES = {
    "2026": "2026",
    "2026-01": "2026-01",
    "2026-01-15": "2026-01-15",
    "2026-01-15T08:30:00.250+05:30": "2026-01-15T08:30:00.250+05:30",
    "2026-01-15T08:30:00-00:00": "2026-01-15T08:30:00-00:00",
    "2026-01-15T08:30:00Z": "2026-01-15T08:30:00Z",
    "2026-01-15T08:30:00": "2026-01-15",
}
"""Onset in the case -> in FHIR; a time without offset is no dateTime, so its date goes, and the time beside it."""
CLOCKS = {told: {told} for told in TIMES if "T" in told} | {"2026-01-15T08:30:00": {"08:30:00"}}
"""Onset in the case -> every text of the Condition that holds its time."""


@pytest.mark.parametrize("told", TIMES)
def test_a_time_says_what_the_case_said(told: str, tmp_path: Path) -> None:
    diagnosis = {"id": "dx", "code": {"text": "Sarcoma"}, "onset": told}
    files = export(tmp_path, {}, case(diagnoses=[diagnosis]))
    [condition] = [e["resource"] for e in json.loads(files["bundle.json"])["entry"] if "onsetDateTime" in e["resource"]]
    assert condition["onsetDateTime"] == TIMES[told]
    said = {text for text in strings(condition) if "08:30" in text}
    assert said == CLOCKS.get(told, set())
