"""Imaging studies as ImagingStudy."""

import pathlib

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from mappings.domain.material import ImagingStudy, Instance, Series
from mappings.domain.values import Code, Concept, Identifier, Moment
from mappings.fhir import imaging_study
from mappings.fhir.context import Reading, inverse
from mappings.fhir.imaging_study import from_fhir, to_fhir
from mappings.problems import ProblemError
from tests.mappings.fhir import foreign
from tests.mappings.fhir.rules import check_fields, check_rules
from tests.strategies_material import WRITING, studies

SM_CLASS = "1.2.840.10008.5.1.4.1.1.77.1.6"
FULL = ImagingStudy(
    id="item",
    uid="1.2.3",
    identifiers=(Identifier(system="http://lab.example.org/accession", value="R26-1", kind="ACSN"),),
    started=Moment("2026-01-15T08:00:00"),
    description="whole slide images",
    procedure=Concept(text="scan"),
    referrer="Doe^Jane",
    endpoints=("two",),
    series=(
        Series(
            uid="1.2.3.1",
            modality="SM",
            number=0,
            description="A1",
            body_site=Concept(text="BREAST"),
            laterality="unpaired",
            started=Moment("2026-01-15T08:00:00-05:00"),
            performer="Scan^Nina",
            slides=("one",),
            instances=(
                Instance(uid="1.2.3.1.1", sop_class=SM_CLASS, number=1, title="VOLUME"),
                Instance(uid="1.2.3.1.2", sop_class=SM_CLASS),
            ),
        ),
        Series(uid="1.2.3.2", modality="ANN", instances=()),
    ),
)
MINIMAL = ImagingStudy(id="item", uid="1.2.3", series=(), status="unknown")


@pytest.mark.parametrize("study", [FULL, MINIMAL])
def test_what_is_written_is_read_again(study: ImagingStudy) -> None:
    assert from_fhir(to_fhir(study, WRITING), inverse(WRITING)) == study


@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(studies)
def test_law(study: ImagingStudy) -> None:
    assert from_fhir(to_fhir(study, WRITING), inverse(WRITING)) == study


def test_rules_are_true() -> None:
    check_rules(imaging_study, to_fhir(FULL, WRITING))
    check_fields(imaging_study, ImagingStudy, "study")


def test_full() -> None:
    written = to_fhir(FULL, WRITING)
    assert written["identifier"][0] == {"system": "urn:dicom:uid", "value": "urn:oid:1.2.3"}
    assert written["identifier"][1]["type"]["coding"][0]["code"] == "ACSN"
    assert (written["numberOfSeries"], written["numberOfInstances"]) == (2, 2)
    assert written["started"] == "2026-01-15"
    assert written["_started"]["extension"][0]["valueString"] == "08:00:00"
    assert written["referrer"] == {"display": "Doe^Jane"}
    assert written["endpoint"] == [WRITING.to("two")]
    first = written["series"][0]
    assert first["number"] == 0
    assert first["specimen"] == [WRITING.to("one")]
    assert first["started"] == "2026-01-15T08:00:00-05:00"
    assert first["bodySite"] == {"display": "BREAST"}
    assert first["performer"] == [{"actor": {"display": "Scan^Nina"}}]
    assert first["instance"][0] == {
        "uid": "1.2.3.1.1",
        "sopClass": {"system": "urn:ietf:rfc:3986", "code": f"urn:oid:{SM_CLASS}"},
        "number": 1,
        "title": "VOLUME",
    }


def test_an_unlisted_modality_passes_as_it_is() -> None:
    assert to_fhir(FULL, WRITING)["modality"] == [
        {"code": "ANN"},
        {"system": "http://dicom.nema.org/resources/ontology/DCM", "code": "SM", "display": "Slide Microscopy"},
    ]


def test_a_body_site_is_one_code_or_words() -> None:
    both = Concept(codes=(Code(system="http://snomed.info/sct", code="76752008"),), text="breast")
    with pytest.raises(ValueError, match="one code or words"):
        Series(uid="1.2", modality="CT", instances=(), body_site=both)


def test_a_study_without_its_uid_is_refused() -> None:
    with pytest.raises(ProblemError) as caught:
        from_fhir({"resourceType": "ImagingStudy", "id": "1", "status": "available"}, Reading({}))
    assert caught.value.problems[0].where == "ImagingStudy.identifier"


@pytest.mark.parametrize("uid", ["urn:oid:1.2.", "urn:oid:1.02.3", "urn:uuid:1", "urn:oid:" + "1." * 33 + "1"])
def test_a_uid_that_is_none_is_refused(uid: str) -> None:
    resource = {**to_fhir(MINIMAL, WRITING), "identifier": [{"system": "urn:dicom:uid", "value": uid}]}
    with pytest.raises(ProblemError) as caught:
        from_fhir(resource, Reading({}))
    assert caught.value.problems[0].code == "invariant"
    assert uid not in str(caught.value)


def test_a_uid_as_a_uri_is_understood() -> None:
    identifier = {"system": "urn:ietf:rfc:3986", "value": "urn:oid:1.2.4"}
    assert from_fhir({**to_fhir(MINIMAL, WRITING), "identifier": [identifier]}, inverse(WRITING)).uid == "1.2.4"


def test_a_series_without_modality_is_refused() -> None:
    resource = {**to_fhir(MINIMAL, WRITING), "series": [{"uid": "1.2.3.1"}]}
    with pytest.raises(ProblemError) as caught:
        from_fhir(resource, Reading({}))
    assert caught.value.problems[0].where == "ImagingStudy.series"


def test_real_studies(shared: pathlib.Path) -> None:
    found = [foreign.outcome(from_fhir, resource) for resource in foreign.real(shared, "ImagingStudy")]
    read = [item for item in found if isinstance(item, ImagingStudy)]
    assert len(read) == len(found) > 0
    assert all(study.series[0].instances[0].sop_class.startswith("1.2.840.10008.") for study in read)


@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.data())
def test_only_problems_are_raised(data: st.DataObject) -> None:
    resource = data.draw(foreign.broken(to_fhir(FULL, WRITING)))
    assert foreign.outcome(from_fhir, resource) is not None
