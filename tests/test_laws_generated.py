"""The laws over generated cases: whatever a case says, it is decided, delivered, imported and delivered again alike."""

import datetime as dt
import json
import tempfile
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from adapter.config import Settings
from adapter.consent.decide import decide
from adapter.consent.facts import facts_from
from adapter.consent.policy import policy_for
from adapter.delivery.bundle_import import import_bundle
from adapter.pipeline import Exported, export_case
from adapter.validation import validate_bundle
from mappings.domain.case import Case
from mappings.domain.native import encode_case, read_case
from mappings.fhir.wire import loads
from tests import golden
from tests.small_case import delivered
from tests.strategies_case import cases

FEW = settings(max_examples=20, deadline=None, suppress_health_check=list(HealthCheck))


def _case(folder: Path, case: Case) -> Path:
    folder.mkdir()
    (folder / "case.json").write_bytes(encode_case(case))
    return folder


def _export(source: Path, target: Path) -> tuple[Exported, dict[str, bytes]]:
    done = export_case(source, target, Settings(ledger=f"sqlite:///{target}.db"), golden.NOW)
    return done, delivered(target)


def _within(run: Callable[[Path], None]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        run(Path(folder))


@given(cases())
@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
def test_a_case_is_read_as_it_is_written(case: Case) -> None:
    assert read_case(encode_case(case)) == case


@given(cases())
@FEW
def test_a_case_and_its_import_are_delivered_alike(case: Case) -> None:
    def run(folder: Path) -> None:
        _, first = _export(_case(folder / "case", case), folder / "one")
        _, again = _export(folder / "case", folder / "again")
        import_bundle(folder / "one", folder / "back")
        _, second = _export(folder / "back", folder / "two")
        assert first == again == second

    _within(run)


@given(cases())
@FEW
def test_a_bundle_is_valid_whole_and_without_loose_ends(case: Case) -> None:
    def run(folder: Path) -> None:
        done, files = _export(_case(folder / "case", case), folder / "out")
        bundle = loads(files["bundle.json"])
        assert [problem for problem in validate_bundle(bundle) if problem.stops] == []
        urls = [entry["fullUrl"] for entry in bundle["entry"]]
        assert len(set(urls)) == len(urls)
        assert max(Counter(json.dumps(entry, sort_keys=True, default=str) for entry in bundle["entry"]).values()) == 1
        pointers = {pointer for entry in bundle["entry"] for pointer in _pointers(entry["resource"])}
        assert {pointer for pointer in pointers if not pointer.startswith("#")} <= set(urls)
        decision = done.checked.decision
        fates = Counter((*decision.released, *decision.excluded, *decision.duplicates))
        assert fates == Counter(item.id for item in done.checked.facts.materials)

    _within(run)


def _pointers(value: Any) -> set[str]:
    inner = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    own = {value["reference"]} if isinstance(value, dict) and isinstance(value.get("reference"), str) else set()
    return own.union(*(_pointers(one) for one in inner))


def _never_held(case: Case, names: set[str]) -> Case:
    """The case as it would be had it never held these items, which nothing needs."""
    lists = ("diagnoses", "procedures", "slides", "studies", "reports")
    kept = {name: [item for item in getattr(case, name) if item.id not in names] for name in lists}
    here = {item.id for name in (*lists, "parts", "blocks") for item in kept.get(name, getattr(case, name))}

    def standing(links: tuple[str, ...]) -> tuple[str, ...]:
        return tuple(link for link in links if link in here)

    replace = msgspec.structs.replace
    reports = tuple(replace(r, examined=standing(r.examined), studies=standing(r.studies)) for r in kept["reports"])
    studies = tuple(
        replace(study, series=tuple(replace(one, slides=standing(one.slides)) for one in study.series))
        for study in kept["studies"]
    )
    assert case.access is not None
    changed = {name: tuple(kept[name]) for name in lists} | {"reports": reports, "studies": studies}
    request = replace(case.request, diagnoses=standing(case.request.diagnoses))
    return replace(case, **changed, request=request, access=replace(case.access, restrictions=()))


@given(cases())
@FEW
def test_what_is_restricted_might_as_well_not_be_there(case: Case) -> None:
    def run(folder: Path) -> None:
        assert case.access is not None
        names = {name for restriction in case.access.restrictions for name in restriction.items}
        done, kept_back = _export(_case(folder / "case", case), folder / "one")
        _, never_held = _export(_case(folder / "never", _never_held(case, names)), folder / "two")
        assert set(done.checked.decision.excluded) == names
        assert kept_back == never_held

    _within(run)


KINDS = ("pathology_report", "psychotherapy_notes", "sud_program_record", "glass_slide", "no such kind")
MATERIALS = st.lists(
    st.fixed_dictionaries(
        {"id": st.sampled_from("abcdef"), "kind": st.sampled_from(KINDS)},
        optional={"duplicate_of": st.sampled_from("abcdefg"), "held": st.booleans(), "in_drs": st.booleans()},
    ),
    max_size=6,
    unique_by=lambda item: item["id"],
)
REQUESTS = st.fixed_dictionaries(
    {
        "pathway": st.sampled_from(("access", "disclosure")),
        "requester": st.sampled_from(("patient", "referring_physician", "attorney")),
        "recipient": st.sampled_from(("patient", "review_center", "attorney")),
        "purpose": st.sampled_from(("treatment", "payment", "patient_request")),
        "as_of": st.just("2026-03-02"),
        "received_at": st.just("2026-03-01"),
        "materials": MATERIALS,
    },
    optional={name: st.booleans() for name in ("recipient_is_provider", "identity_verified", "authority_verified")},
)


@given(REQUESTS)
@settings(max_examples=300, deadline=None)
def test_no_item_has_two_fates_and_a_permit_leaves_none_without(request: dict[str, Any]) -> None:
    decision = decide(facts_from(request), policy_for(dt.date(2026, 3, 2)))
    asked = Counter(item["id"] for item in request["materials"])
    fates = Counter((*decision.released, *decision.excluded, *decision.duplicates))
    assert fates <= asked
    assert (fates == asked) >= decision.permits
    assert decision.permits or not decision.released
