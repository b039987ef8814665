"""Documents that images enclose: what binds them to the image, and what goes of a study around one that stays."""

import base64
from pathlib import Path
from typing import Any

import pytest

from adapter.consent.case_facts import items_of
from adapter.consent.decide import Decision
from adapter.consent.enclosed import resting, without_enclosed
from adapter.consent.names import names_of
from adapter.holding import Loaded
from adapter.sources.case_file import load_case
from mappings.identity import DEFAULT_NAMESPACE
from tests.adapter.consent.given import REPORT, SCAN, TREATMENT, decided
from tests.dicom_files import SM
from tests.enclosing import NUMBERS, PAPERS, PDF, PDF_CLASS, SLIDES, SOURCES, paper, put, scan
from tests.small_case import BASE, CASE, NOTE, PATIENT, case, write
from tests.small_case import REPORT as REPORT_FHIR

INSIDE: dict[str, Any] = {"study": SLIDES, "SeriesInstanceUID": f"{SLIDES}.8"}
STUDY = SCAN | {"id": "study"}
PAPER = REPORT | {"id": "paper", "enclosed_in": ["study"]}


def codes(decision: Decision, item: str) -> list[str]:
    return sorted(reason.code for reason in decision.reasons if reason.item == item and reason.ground.role != "basis")


# --- decided


def test_a_document_and_its_image_that_nothing_keeps_back_both_go() -> None:
    assert decided(TREATMENT, STUDY, PAPER).released == ("study", "paper")


def test_a_document_stays_for_the_reason_for_which_its_image_stays() -> None:
    decision = decided(TREATMENT, REPORT, STUDY | {"held": False}, PAPER)
    assert (decision.released, decision.excluded) == (("report",), ("study", "paper"))
    assert codes(decision, "paper") == codes(decision, "study") == ["NOT_HELD"]


def test_a_document_stays_where_one_of_several_images_stays() -> None:
    paper = PAPER | {"enclosed_in": ["goes", "study"]}
    decision = decided(TREATMENT, STUDY | {"id": "goes"}, STUDY | {"held": False}, paper)
    assert decision.released == ("goes",)


def test_a_reason_of_its_own_is_not_said_twice() -> None:
    decision = decided(TREATMENT, REPORT, STUDY | {"held": False}, PAPER | {"held": False})
    assert codes(decision, "paper") == ["NOT_HELD"]
    assert sum(reason.item == "paper" for reason in decision.reasons) == 1


def test_other_reasons_come_beside_its_own() -> None:
    decision = decided(
        TREATMENT, REPORT, STUDY | {"kind": "undeclared_document"}, PAPER | {"held": False, "known_location": "there"}
    )
    assert codes(decision, "paper") == ["HELD_ELSEWHERE_KNOWN", "NOT_DECLARED"]


def test_an_image_of_which_more_is_there_goes_without_its_document() -> None:
    decision = decided(TREATMENT, STUDY, PAPER | {"held": False})
    assert (decision.released, decision.excluded) == (("study",), ("paper",))


def test_an_image_stays_where_all_stays_that_there_is_of_it() -> None:
    papers = [PAPER | {"held": False}, PAPER | {"id": "other", "held": False, "known_location": "there"}]
    whole = STUDY | {"encloses": ["paper", "other"]}
    decision = decided(TREATMENT, REPORT, whole, *papers)
    assert (decision.released, decision.excluded) == (("report",), ("study", "paper", "other"))
    assert codes(decision, "study") == ["NOT_HELD"]
    assert decided(TREATMENT, whole, papers[0], PAPER | {"id": "other"}).released == ("study", "other")


def test_what_waits_binds_like_what_is_excluded() -> None:
    """A note that waits for a paper of its own (45 CFR 164.508(a)(2))."""
    decision = decided(TREATMENT, REPORT, STUDY | {"kind": "psychotherapy_notes"}, PAPER)
    assert decision.released == ("report",)
    assert codes(decision, "paper") == codes(decision, "study") != []


def test_an_image_that_is_not_asked_for_binds_nothing_by_itself() -> None:
    assert decided(TREATMENT, REPORT, PAPER).released == ("report", "paper")


# --- of a case


def loaded(folder: Path, lines: list[dict[str, Any]], images: dict[str, Any], **more: Any) -> Loaded:
    files = {"fhir/p.json": PATIENT, "fhir/report.json": REPORT_FHIR} | more
    place = put(write(folder / "case", files, case(sources=SOURCES, materials=lines)), **images)
    return load_case(place, DEFAULT_NAMESPACE)


def line(name: str, **more: Any) -> dict[str, Any]:
    return {"path": f"dicom/{name}.dcm", "id": name, "kind": "pathology_report", **more}


def test_what_an_image_encloses_is_an_item_that_rests_on_it(tmp_path: Path) -> None:
    found = loaded(tmp_path, [line("a")], {"a": paper(**INSIDE), "scan": scan()})
    items = {item.id: item for item in items_of(found)}
    assert items["a"].enclosed_in == (f"study-{SLIDES}",)
    assert (items["a"].kind, items["a"].in_drs) == ("pathology_report", True)
    assert items[f"study-{SLIDES}"].encloses == ()
    assert [item.enclosed_in for name, item in items.items() if name != "a"] == [(), (), ()]
    assert names_of(found)[f"{SLIDES}.8.1"] == names_of(found)["dicom/a.dcm/enclosed.pdf"] == frozenset({"a"})


def test_a_study_of_documents_alone_is_all_of_them(tmp_path: Path) -> None:
    images = {"a": paper(), "b": paper(PDF + b"b", number=2), "scan": scan()}
    found = loaded(tmp_path, [line("a"), line("b")], images)
    assert resting(found) == (
        {"a": (f"study-{PAPERS}",), "b": (f"study-{PAPERS}",)},
        {f"study-{PAPERS}": ("a", "b")},
    )


def test_every_form_of_an_enclosed_document_rests_on_its_image(tmp_path: Path) -> None:
    attachment = {"contentType": "application/pdf", "data": base64.b64encode(PDF).decode()}
    form = {**NOTE, "id": "form", "meta": {}, "content": [{"attachment": attachment}]}
    found = loaded(tmp_path, [line("a")], {"a": paper()}, **{"fhir/form.json": form})
    assert {item.id for item in items_of(found) if item.enclosed_in} == {"a", f"{BASE}/DocumentReference/form"}


def test_two_instances_with_the_same_bytes_enclose_one_document(tmp_path: Path) -> None:
    found = loaded(tmp_path, [line("a")], {"a": paper(), "b": paper(**INSIDE), "scan": scan()})
    assert found.enclosed == {f"{PAPERS}.8.1": "a", f"{SLIDES}.8.1": "a"}
    assert resting(found)[0] == {"a": (f"study-{SLIDES}", f"study-{PAPERS}")}


# --- what goes


def left(found: Loaded, *stays: str, elsewhere: tuple[str, ...] = ()) -> tuple[Loaded, frozenset[str]]:
    allowed = frozenset(item.id for item in items_of(found)) - {*stays}
    made, goes = without_enclosed(found, allowed, elsewhere)
    return made, allowed - goes


def test_where_all_documents_go_nothing_changes(tmp_path: Path) -> None:
    found = loaded(tmp_path, [line("a")], {"a": paper(**INSIDE), "scan": scan()})
    assert left(found)[0] is found
    assert left(found)[1] == frozenset()


def test_an_instance_goes_whose_content_goes_under_another_name(tmp_path: Path) -> None:
    found = loaded(tmp_path, [line("a")], {"a": paper(**INSIDE), "scan": scan()})
    assert left(found, "a", elsewhere=("a",))[0] is found


def test_the_instance_of_a_document_that_stays_is_in_no_part_of_what_goes(tmp_path: Path) -> None:
    secret = paper(**INSIDE, StudyDescription="told", PatientID="other")
    images = {"a": secret, "scan": scan(), "b": paper(PDF + b"b")}
    told = {"patient": CASE["patient"] | {"known_as": [KNOWN]}}
    place = write(
        tmp_path / "case", {"fhir/p.json": PATIENT}, case(sources=SOURCES, materials=[line("a"), line("b")]) | told
    )
    found = load_case(put(place, **images), DEFAULT_NAMESPACE)
    made, stays = left(found, "a")
    assert stays == frozenset()
    assert sorted(made.instances) == [f"{SLIDES}.1.1", f"{PAPERS}.8.1"]
    [study] = [study for study in made.case.studies if study.uid == SLIDES]
    assert ([s.uid for s in study.series], study.description) == ([f"{SLIDES}.1"], None)
    assert found.case.studies[0].description == "told"
    assert [image.study.uid for image in made.images] == [SLIDES, PAPERS]
    assert {n.value for n in found.identities[SLIDES].identifiers} == {"other"}
    assert {(n.system, n.value) for n in made.identities[SLIDES].identifiers} == {(NUMBERS, "MRN-77001")}
    assert made.identities[PAPERS] == found.identities[PAPERS]


KNOWN = {"identifiers": [{"system": NUMBERS, "value": "other"}], "names": [{"text": "Mirabel Testperson"}]}


def test_a_study_of_which_nothing_is_left_stays(tmp_path: Path) -> None:
    found = loaded(tmp_path, [line("a")], {"a": paper(), "scan": scan()})
    made, stays = left(found, "a")
    assert stays == {f"study-{PAPERS}"}
    assert [image.study.uid for image in made.images] == [SLIDES]


def test_what_the_case_itself_says_of_a_study_is_left(tmp_path: Path) -> None:
    other = {"uid": f"{SLIDES}.7", "modality": "SM", "instances": [{"uid": f"{SLIDES}.7.1", "sop_class": SM}]}
    mine = {"uid": f"{SLIDES}.8", "modality": "DOC", "instances": [{"uid": f"{SLIDES}.8.1", "sop_class": PDF_CLASS}]}
    empty = {"uid": f"{SLIDES}.6", "modality": "SM", "instances": []}
    study = {"id": "wsi", "uid": SLIDES, "description": "declared", "series": [other, mine, empty]}
    files = {"fhir/p.json": PATIENT}
    place = write(tmp_path / "case", files, case(sources=SOURCES, materials=[line("a")], studies=[study]))
    found = load_case(put(place, a=paper(**INSIDE)), DEFAULT_NAMESPACE)
    made, stays = left(found, "a")
    [told] = made.case.studies
    assert (told.id, told.description) == ("wsi", "declared")
    assert [series.uid for series in told.series] == [f"{SLIDES}.7", f"{SLIDES}.6"]
    assert stays == frozenset()


@pytest.mark.parametrize(
    ("value", "named"),
    [
        (f"urn:oid:{SLIDES}.8.1", True),
        (f"{SLIDES}.8.1", True),
        (f"see {SLIDES}.8.1.", True),
        (f"{SLIDES}.8.1.5", False),
        (f"{SLIDES}.8.10", False),
        (f"9.{SLIDES}.8.1", False),
        (f"9{SLIDES}.8.1", False),
    ],
)
def test_what_came_as_fhir_and_names_the_instance_stays(value: str, named: bool, tmp_path: Path) -> None:
    naming = {**NOTE, "id": "naming", "meta": {}, "description": value}
    images = {"a": paper(**INSIDE), "scan": scan()}
    found = loaded(tmp_path, [line("a")], images, **{"fhir/naming.json": naming})
    assert left(found, "a")[1] == ({f"{BASE}/DocumentReference/naming"} if named else frozenset())


def test_another_form_of_the_study_stays_and_of_other_studies_goes(tmp_path: Path) -> None:
    def study(name: str, uid: str) -> dict[str, Any]:
        number = {"system": "urn:dicom:uid", "value": f"urn:oid:{uid}"}
        about = {"status": "available", "subject": {"reference": "Patient/p"}}
        return {"resourceType": "ImagingStudy", "id": name, "identifier": [number], **about}

    files = {"fhir/one.json": study("one", SLIDES), "fhir/two.json": study("two", PAPERS)}
    images = {"a": paper(**INSIDE), "scan": scan(), "b": paper(PDF + b"b")}
    found = loaded(tmp_path, [line("a"), line("b")], images, **files)
    assert left(found, "a")[1] == {f"{BASE}/ImagingStudy/one"}
