"""What is kept of a large study while it is judged: few nodes for each image, since there may be tens of thousands."""

from typing import Any

import pytest

from adapter.validation import validate_resource
from adapter.validation.structure import Walk

CLASS = {"system": "urn:ietf:rfc:3986", "code": "urn:oid:1.2.840.10008.5.1.4.1.1.2"}


def study(images: int, **more: Any) -> dict[str, Any]:
    instances = [{"uid": f"1.2.{n}", "sopClass": CLASS, "number": n, **more} for n in range(1, images + 1)]
    modality = {"system": "http://dicom.nema.org/resources/ontology/DCM", "code": "CT"}
    subject = {"reference": "Patient/1"}
    series = [{"uid": "1.2", "modality": modality, "instance": instances}]
    return {"resourceType": "ImagingStudy", "status": "available", "subject": subject, "series": series}


def test_an_image_costs_two_nodes() -> None:
    few, many = Walk(), Walk()
    few.resource(study(1), None)
    many.resource(study(101), None)
    assert len(many.nodes) - len(few.nodes) == 200


@pytest.mark.parametrize(
    ("more", "where", "rule"),
    [
        ({"number": -1}, "ImagingStudy.series[0].instance[0].number", "fhir.primitive.unsignedInt"),
        ({"_title": {"extension": [{"url": "x", "valueString": "y"}]}}, ".title", "fhir.extension-url"),
        ({"id": "same"}, "ImagingStudy.series[0].instance[1].id", "fhir.element-id"),
    ],
)
def test_what_is_not_kept_is_judged_all_the_same(more: dict[str, Any], where: str, rule: str) -> None:
    found = validate_resource(study(2, **more))
    assert [one.where for one in found if one.rule == rule and where in one.where] != []
