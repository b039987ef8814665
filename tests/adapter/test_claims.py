"""meta.profile names what a resource of ours satisfies inside its Bundle, and nothing else."""

import datetime as dt
import json
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from adapter.claims import candidates, claim, claimed, families
from adapter.config import Settings
from adapter.convert import convert
from adapter.ledger.store import Ledger
from adapter.pipeline import export_case
from adapter.validation import Judge, validate_bundle
from adapter.validation.facts import definitions
from mappings.domain.document import CaseDocument, ContentSection
from mappings.domain.native import read_case
from mappings.fhir import (
    condition,
    consent,
    coverage,
    imaging_study,
    observation,
    organization,
    patient,
    practitioner,
    practitioner_role,
    procedure,
    provenance,
    related_person,
    specimen,
)
from mappings.fhir.bundle import document, transaction
from mappings.fhir.context import URN, Reading, Writing
from mappings.fhir.wire import Json, dumps, loads
from mappings.identity import DEFAULT_NAMESPACE
from tests import golden, small_case
from tests.dicom_files import dataset
from tests.dicom_files import write as write_image

NAMES = golden.scenarios()
EXPECTED = Path(__file__).with_name("claims_of_scenarios.txt")
SHORT = (("us-core-", "us:"), ("mcode-", "m:"), ("second-opinion-", "ours:"), ("IHE.PCF.", "pcf:"))
US = "http://hl7.org/fhir/us/core/StructureDefinition/us-core-"
BSER = "http://hl7.org/fhir/us/bser/StructureDefinition/"
COW = "http://hl7.org/fhir/uv/cow/StructureDefinition/"
FAST = "http://hl7.org/fhir/us/consent-management/StructureDefinition/FAST"
PCF = "https://profiles.ihe.net/ITI/PCF/StructureDefinition/IHE.PCF.consent"
BALP = "https://profiles.ihe.net/ITI/BALP/StructureDefinition/IHE.BasicAudit.PrivacyDisclosure.Source"
OURS = "https://w3id.org/second-opinion/fhir/StructureDefinition/second-opinion-"
ALL = families(Settings())


def export(folder: Path, case: Path, **settings: Any) -> Json:
    """bundle.json of a case folder, exported with these settings."""
    chosen = Settings(ledger=f"sqlite:///{folder}/ledger.sqlite3", **settings)
    export_case(case, folder / "out", chosen, golden.NOW)
    made: Json = loads((folder / "out" / "bundle.json").read_bytes())
    return made


@pytest.fixture(scope="module")
def bundles(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Json]:
    """Every scenario's Bundle."""
    made = {}
    for name in NAMES:
        folder = tmp_path_factory.mktemp(name)
        made[name] = export(folder, golden.source(name, folder))
    return made


def profiles(resource: Json) -> list[str]:
    return list(resource.get("meta", {}).get("profile", []))


def ours(bundle: Json) -> list[Json]:
    entries = [entry["resource"] for entry in bundle["entry"] if entry["fullUrl"].startswith(URN)]
    return [bundle, *entries]


def theirs(bundle: Json) -> set[str]:
    return {entry["fullUrl"] for entry in bundle["entry"] if not entry["fullUrl"].startswith(URN)}


def of(bundle: Json, kind: str) -> list[list[str]]:
    """What each resource of ours of this type claims."""
    return [profiles(resource) for resource in ours(bundle) if resource["resourceType"] == kind]


def short(url: str) -> str:
    name = url.rpartition("/")[2]
    for long, brief in SHORT:
        name = name.replace(long, brief)
    return name


def told(bundle: Json) -> list[str]:
    found = Counter(
        (resource["resourceType"], " ".join(map(short, profiles(resource))) or "-")
        for resource in ours(bundle)
        if resource["resourceType"] != "Binary"
    )
    return [f"{number} {kind} {names}" for (kind, names), number in sorted(found.items())]


def expected() -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    name = ""
    for line in EXPECTED.read_text("utf-8").splitlines():
        if line.startswith("    "):
            found[name].append(line.strip())
        elif not line.startswith("#"):
            found[name := line] = []
    return found


# --- what is claimed


def test_the_expectations_are_of_every_scenario() -> None:
    assert tuple(sorted(expected())) == NAMES


@pytest.mark.parametrize("name", NAMES)
def test_the_scenarios_claim_exactly_this(name: str, bundles: dict[str, Json]) -> None:
    assert told(bundles[name]) == expected()[name]


@pytest.mark.parametrize("name", NAMES)
def test_a_bundle_with_its_claims_is_valid(name: str, bundles: dict[str, Json]) -> None:
    assert [found for found in validate_bundle(bundles[name]) if found.stops] == []


@pytest.mark.parametrize("name", NAMES)
def test_no_claim_rests_on_another_so_that_one_pass_is_enough(name: str, bundles: dict[str, Json]) -> None:
    bundle = bundles[name]
    assert dumps(claim(bundle, theirs(bundle), ALL)) == dumps(bundle)
    assert dumps(claim(claim(bundle, theirs(bundle), ()), theirs(bundle), ALL)) == dumps(bundle)


def test_every_profile_of_the_table_is_at_hand_and_of_its_type() -> None:
    at_hand = {url: found for each in candidates() if (found := definitions().profile(url := each.profile))}
    assert [each.profile for each in candidates() if each.profile not in at_hand] == []
    assert [each for each in candidates() if at_hand[each.profile].type != each.type] == []
    assert {each.family for each in candidates()} == {
        *("own", "us-core", "mcode", "audit"),
        *("pcf", "fast", "cow", "bser"),
    }


# --- what is not


def test_a_patient_whose_gender_nobody_says_is_no_us_core_patient_nor_is_anything_about_them(tmp_path: Path) -> None:
    made = export(tmp_path, small_case.write(tmp_path / "case", {}))
    assert of(made, "Patient") == [[]]
    assert of(made, "ServiceRequest") == [[]], "its subject is none"
    assert of(made, "Practitioner") == [[]], "it has no number"
    assert of(made, "PractitionerRole") == [[]], "it has no telecom"
    assert of(made, "Organization") == [[f"{US}organization"]] * 2
    assert of(made, "Provenance") == [[f"{US}provenance", f"{OURS}release"]]


def test_the_same_patient_with_it_is(tmp_path: Path) -> None:
    case = small_case.case()
    case["patient"]["gender"] = "female"
    made = export(tmp_path, small_case.write(tmp_path / "case", {}, case))
    assert [short(url) for url in of(made, "Patient")[0]] == ["us:patient", "m:cancer-patient", "ours:patient"]
    assert of(made, "ServiceRequest") == [[f"{US}servicerequest", f"{OURS}request"]]


def test_a_wrong_check_digit_takes_the_claim_from_the_number_and_from_what_points_at_it(tmp_path: Path) -> None:
    case = small_case.case()
    npi = {"system": "http://hl7.org/fhir/sid/us-npi", "value": "9999900812", "kind": "NPI"}
    case["organizations"][0]["identifiers"] = [npi]
    made = export(tmp_path, small_case.write(tmp_path / "case", {}, case))
    assert of(made, "Organization") == [[], [f"{US}organization"]]
    assert f"{US}provenance" not in of(made, "Provenance")[0], "its agent is the holder"


@pytest.mark.parametrize(
    ("state", "claims"), [("MA", [f"{US}organization"]), ("Ontario", []), ("ma", []), (None, [f"{US}organization"])]
)
def test_an_address_elsewhere_takes_the_claim_from_an_organization(
    state: str | None, claims: list[str], tmp_path: Path
) -> None:
    case = small_case.case()
    case["organizations"][1]["addresses"] = [{"city": "Toronto", **({"state": state} if state else {})}]
    made = export(tmp_path, small_case.write(tmp_path / "case", {}, case))
    assert of(made, "Organization") == [[f"{US}organization"], claims]


@pytest.mark.parametrize(
    "steps", [("received", "on-hold", "failed"), ("received", "on-hold", "in-progress"), ("received", "accepted")]
)
def test_a_task_claims_at_every_place_of_its_life(steps: tuple[str, ...], tmp_path: Path) -> None:
    source = golden.source("soft-tissue-sarcoma", tmp_path)
    case = json.loads((source / "case.json").read_text("utf-8"))
    case["request"]["authored_on"] = "2026-03-02T09:00:00-05:00"
    case["request"]["events"] = [
        {"status": status, "at": f"2026-03-0{day}T09:00:00-05:00"}
        for day, status in enumerate(("requested", *steps), 2)
    ]
    (source / "case.json").write_text(json.dumps(case), "utf-8")
    made = export(tmp_path, source)
    (task,) = (r for r in ours(made) if f"{OURS}task" in profiles(r))
    assert task["status"] == steps[-1]
    assert f"{OURS}case-collection" in profiles(made)


def test_what_is_carried_claims_what_it_claimed(tmp_path: Path) -> None:
    claims = [f"{US}patient", "https://nowhere.example/StructureDefinition/unknown"]
    person = {**small_case.PATIENT, "meta": {"profile": claims}}
    report = small_case.REPORT
    made = export(tmp_path, small_case.write(tmp_path / "case", {"fhir/p.json": person, "fhir/r.json": report}))
    carried = {e["resource"]["resourceType"]: e["resource"] for e in made["entry"] if e["fullUrl"] in theirs(made)}
    assert json.loads(dumps(carried["Patient"])) == person
    assert json.loads(dumps(carried["DiagnosticReport"])) == report


@pytest.mark.parametrize(
    ("change", "claims"),
    [
        ({}, ["us:observation-clinical-result", "us:observation-lab", "m:tnm-primary-tumor-category"]),
        ({"method": None}, ["us:observation-clinical-result", "us:observation-lab"]),
        ({"code": None}, ["us:observation-clinical-result", "us:observation-lab"]),
    ],
    ids=["whole", "without staging system", "with our code alone"],
)
def test_a_t_category_is_one_of_mcode_where_the_source_says_its_kind_and_its_system(
    change: dict[str, Any], claims: list[str], tmp_path: Path
) -> None:
    source = golden.source("insurance-required", tmp_path)
    case = json.loads((source / "case.json").read_text("utf-8"))
    [found] = [f for report in case["reports"] for f in report.get("findings", ()) if f["id"] == "finding-t"]
    found["code"] = {"codes": [{"system": "http://loinc.org", "code": "21899-0"}]}
    found.update(change)
    (source / "case.json").write_text(json.dumps(case), "utf-8")
    said = [r for r in ours(export(tmp_path, source)) if r.get("valueCodeableConcept") == {"text": "pT2"}]
    assert [list(map(short, profiles(resource))) for resource in said] == [claims]


# --- where it stands


def test_profile_stands_where_the_page_of_meta_has_it() -> None:
    meta = {"source": "https://ehr.example", "security": [], "profile": ["https://nowhere.example/old"]}
    entry = {"resourceType": "Organization", "active": True, "name": "A", "id": "a", "meta": meta}
    made = claim(
        {"resourceType": "Bundle", "type": "collection", "entry": [{"fullUrl": f"{URN}a", "resource": entry}]}, (), ALL
    )
    organization = made["entry"][0]["resource"]
    assert list(organization) == ["resourceType", "id", "meta", "active", "name"]
    assert list(organization["meta"].items()) == [
        ("source", "https://ehr.example"),
        ("profile", [f"{US}organization"]),
        ("security", []),
    ]
    assert meta["profile"] == ["https://nowhere.example/old"], "what came in is not changed"


READERS: dict[str, Callable[[Json, Reading], object]] = {
    "Condition": condition.from_fhir,
    "Consent": consent.from_fhir,
    "Coverage": coverage.from_fhir,
    "ImagingStudy": imaging_study.from_fhir,
    "Observation": observation.from_fhir,
    "Organization": organization.from_fhir,
    "Patient": patient.from_fhir,
    "Practitioner": practitioner.from_fhir,
    "PractitionerRole": practitioner_role.from_fhir,
    "Procedure": procedure.from_fhir,
    "Provenance": provenance.from_fhir,
    "RelatedPerson": related_person.from_fhir,
    "Specimen": specimen.from_fhir,
}


def test_what_claims_is_read_as_what_does_not(bundles: dict[str, Json]) -> None:
    compared = Counter[str]()
    made = [resource for bundle in bundles.values() for resource in ours(bundle)[1:] if profiles(resource)]
    for resource in [one for one in made if one["resourceType"] in READERS]:
        read = READERS[resource["resourceType"]]
        bare = {name: value for name, value in resource.items() if name != "meta"}
        assert read(resource, Reading({})) == read(bare, Reading({}))
        compared[resource["resourceType"]] += 1
    assert set(compared) == set(READERS)


# --- settings


@pytest.mark.parametrize(
    ("chosen", "patients", "consents"),
    [
        ({"claims": ()}, [], []),
        ({"claims": ("own",)}, [f"{OURS}patient"], [f"{OURS}consent-pcf"]),
        ({"claims": ("us-core",)}, [f"{US}patient"], []),
        ({"claims": ("consent",)}, [], [f"{PCF}Intermediate"]),
        ({"claims": ("consent",), "consent_shape": "fast"}, [], [f"{FAST}Consent"]),
        ({"claims": ("own",), "consent_shape": "fast"}, [f"{OURS}patient"], [f"{OURS}consent-fast"]),
    ],
)
def test_only_the_families_that_are_set(
    chosen: dict[str, Any], patients: list[str], consents: list[str], tmp_path: Path
) -> None:
    made = export(tmp_path, golden.source("cord-compression", tmp_path), **chosen)
    assert (of(made, "Patient"), of(made, "Consent")) == ([patients], [consents])


@pytest.mark.parametrize(
    ("shape", "request_", "task"),
    [
        ("none", [], []),
        ("cow", [], [f"{COW}coordination-task"]),
        ("bser", [f"{BSER}referral-servicerequest"], [f"{BSER}referral-task"]),
    ],
)
def test_the_task_in_the_shape_that_is_set(shape: str, request_: list[str], task: list[str], tmp_path: Path) -> None:
    made = export(tmp_path, golden.source("cord-compression", tmp_path), claims=("task",), task_shape=shape)
    assert (of(made, "ServiceRequest"), of(made, "Task")) == ([request_], [task])


def test_without_the_placers_number_it_is_no_bser_request(tmp_path: Path) -> None:
    made = export(tmp_path, golden.source("svc-syndrome", tmp_path), claims=("task",), task_shape="bser")
    assert {tuple(found) for kind in ("ServiceRequest", "Task") for found in of(made, kind)} == {()}


# --- other Bundles, and what is in none


def test_a_document_claims_that_it_is_one(bundles: dict[str, Json]) -> None:
    bundle = bundles["cord-compression"]
    case = read_case((golden.CASES / "cord-compression" / "case.json").read_bytes())
    first = {resource["resourceType"]: f"{URN}{resource['id']}" for resource in reversed(ours(bundle)[1:])}
    names = {"contents": f"{URN}00000000-0000-4000-8000-000000000001", "patient": first["Patient"]}
    names |= {"report": first["DiagnosticReport"], "holder": first["Organization"]}
    contents = CaseDocument(
        id="contents",
        kind="review-request",
        title="Request for a second opinion",
        date=golden.NOW,
        authors=("holder",),
        sections=(ContentSection(kind="reports", entries=("report",)),),
    )
    made = claim(document(case, contents, bundle, Writing(names, True)), theirs(bundle), ALL)
    assert [profiles(made), profiles(made["entry"][0]["resource"])] == [
        [f"{OURS}case-document"],
        [f"{OURS}case-contents"],
    ]


def test_what_is_ours_in_a_transaction_claims_the_same(bundles: dict[str, Json]) -> None:
    bundle = bundles["cord-compression"]
    entries = [(entry["fullUrl"], entry["resource"]) for entry in bundle["entry"]]
    made = claim(transaction(entries, Writing({}), str(bundle["id"])), (), ALL)
    assert profiles(made) == []
    assert [profiles(r) for r in ours(made)[1:]] == [profiles(r) for r in ours(bundle)[1:]]


def test_the_disclosure_in_the_ledger_claims_balp_and_keeps_to_it(tmp_path: Path) -> None:
    bundle = export(tmp_path, golden.source("authorization", tmp_path))
    ledger = Ledger(f"sqlite:///{tmp_path}/ledger.sqlite3")
    event = ledger.rows("release")[0]["audit_event"]
    ledger.close()
    assert event["meta"]["profile"] == [BALP, f"{OURS}disclosure"]
    beside = {**bundle, "entry": [*bundle["entry"], {"fullUrl": f"{URN}{event['id']}", "resource": event}]}
    assert Judge(beside).errors(event, BALP) == []
    assert Judge(beside).errors({**event}, BALP) != [], "judged is what stands in the Bundle"


def test_what_is_made_of_images_claims_too(tmp_path: Path) -> None:
    write_image(tmp_path / "in" / "one.dcm", dataset())
    done = convert((tmp_path / "in",), DEFAULT_NAMESPACE, dt.date(2026, 3, 16), ALL)
    [bundle] = done.bundles.values()
    assert of(bundle, "ImagingStudy") == [[f"{OURS}imaging-study"]]


# --- the manifest


def test_the_manifest_says_which_profiles_of_which_version(tmp_path: Path) -> None:
    bundle = export(tmp_path, golden.source("patient-directive", tmp_path))
    manifest = json.loads((tmp_path / "out" / "manifest.json").read_bytes())
    assert manifest["profiles"] == list(claimed(bundle, theirs(bundle)))
    assert [line.rpartition("/")[2] for line in manifest["profiles"] if "us/core" not in line] == [
        "mcode-cancer-patient|4.0.0",
        "mcode-histologic-behavior-and-type|4.0.0",
        "mcode-histologic-grade|4.0.0",
        "mcode-human-specimen|4.0.0",
        "mcode-primary-cancer-condition|4.0.0",
        "mcode-tumor-marker-test|4.0.0",
        "second-opinion-case-collection|0.1.0",
        "second-opinion-consent-pcf|0.1.0",
        "second-opinion-document|0.1.0",
        "second-opinion-material|0.1.0",
        "second-opinion-original-report|0.1.0",
        "second-opinion-patient|0.1.0",
        "second-opinion-primary-cancer|0.1.0",
        "second-opinion-release|0.1.0",
        "second-opinion-request|0.1.0",
        "second-opinion-task|0.1.0",
    ]
    assert f"{US}specimen|6.1.0" in manifest["profiles"]
