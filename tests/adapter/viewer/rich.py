"""A rich synthetic case: a borderline melanocytic lesion, reviewed, with a major discordance. No real person."""

import json
from typing import Any

from mappings.domain.case import Case
from mappings.domain.native import read_case
from mappings.fhir.carried import Carried
from mappings.fhir.wire import ExactDecimal

MRN = "urn:oid:2.16.840.1.113883.19.5"
LAB = "urn:oid:2.16.840.1.113883.19.6"
ICD10 = "http://hl7.org/fhir/sid/icd-10-cm"
WSI = "1.2.840.10008.5.1.4.1.1.77.1.6"
CT = "1.2.840.10008.5.1.4.1.1.2"

GROSS = (
    'Received in formalin, labeled with the patient\'s name and "left shoulder", is an ellipse of tan skin\n'
    "measuring 2.4 x 1.1 x 0.6 cm. On the surface is an asymmetric, unevenly brown lesion of 0.9 x 0.7 cm,\n"
    "0.2 cm from the closest peripheral margin.\n\n"
    "  Inked:     12-6 o'clock blue, 6-12 o'clock black\n"
    "  Sections:  A1 tips; A2-A3 lesion, serially sectioned\n"
)
MICRO = (
    "Sections show a compound melanocytic proliferation with confluent nests along the junction and single cells in "
    "the lower epidermis. Dermal nests mature toward the base. Cytologic atypia is moderate; a rare dermal mitosis "
    "(1/mm2) is seen. A lymphocytic infiltrate with fibroplasia is present at the edge of the lesion."
)
REVIEW_MICRO = (
    "The recut levels show pagetoid spread above the granular layer over more than one field, loss of maturation at "
    "the base, and 3 dermal mitoses per mm2, two of them in the deep third. PRAME is diffusely positive in the dermal "
    "part; p16 is lost. Breslow thickness is measured on slide A2-1, from the granular layer to the deepest tumor cell."
)


def _concept(text: str, *codes: tuple[str, str, str]) -> dict[str, Any]:
    return {"codes": [{"system": s, "code": c, "display": d} for s, c, d in codes], "text": text}


PARTIES: dict[str, Any] = {
    "organizations": [
        {
            "id": "lakeside",
            "name": "Lakeside Community Hospital",
            "contacts": [{"system": "phone", "value": "+1 555 0100", "use": "work"}],
            "addresses": [{"lines": ["1 Shore Road"], "city": "Duluth", "state": "MN", "postal_code": "55802"}],
        },
        {
            "id": "center",
            "name": "Northern Cancer Review Center",
            "kind": "review_center",
            "accreditations": [{"body": "cap", "number": "7654321"}, {"body": "nci-comprehensive"}],
            "contacts": [{"system": "email", "value": "consults@review.example", "use": "work"}],
        },
        {"id": "payer", "name": "Prairie Health Plan", "kind": "payer"},
    ],
    "practitioners": [
        {
            "id": "okafor",
            "names": [{"family": "Okafor", "given": ["Adaeze"], "prefix": ["Dr."]}],
            "identifiers": [{"system": "http://hl7.org/fhir/sid/us-npi", "value": "1234567893", "kind": "NPI"}],
        },
        {"id": "lind", "names": [{"family": "Lind", "given": ["Marta"], "suffix": ["MD"]}]},
        {"id": "reyes", "names": [{"family": "Reyes", "given": ["Tomás"], "suffix": ["MD", "PhD"]}]},
    ],
    "roles": [
        {
            "id": "okafor-lakeside",
            "practitioner": "okafor",
            "organization": "lakeside",
            "specialty": {"text": "Dermatology"},
            "contacts": [{"system": "pager", "value": "555 0199"}],
        },
        {"id": "reyes-center", "practitioner": "reyes", "organization": "center", "specialty": {"text": "Pathology"}},
    ],
    "related_persons": [
        {"id": "sister", "names": [{"family": "Haugen", "given": ["Liv"]}], "relationship": "health_care_proxy"}
    ],
    "coverages": [{"id": "plan", "payer": "payer", "member_id": "PHP-0044-19", "plan": "Prairie Silver"}],
}
REQUEST: dict[str, Any] = {
    "id": "request-1",
    "scope": "multidisciplinary",
    "reasons": ["borderline-pathology", "before-irreversible-treatment", "insurance-required"],
    "question": "Atypical melanocytic tumor or invasive melanoma?\nIf melanoma: thickness, ulceration, mitotic rate.",
    "authored_on": "2026-03-02T09:15:00-06:00",
    "requester": "okafor-lakeside",
    "performer": "center",
    "identifiers": [{"system": "urn:oid:2.16.840.1.113883.19.7", "value": "ORD-5521", "kind": "PLAC"}],
    "urgency": "urgent",
    "events": [
        {"status": "received", "at": "2026-03-02T15:40:00Z"},
        {"status": "accepted", "at": "2026-03-03T08:05:00-06:00"},
        {"status": "in-progress", "at": "2026-03-06", "detail": "awaiting-interpretation"},
    ],
    "planned_treatment": {
        "description": "Wide excision with sentinel node biopsy",
        "irreversible": True,
        "scheduled": "2026-04",
    },
    "factors": {
        "diagnostic_confidence": "low",
        "treatment_consequence": "irreversible",
        "discordance_group": "any",
        "time_available": "weeks",
        "coverage": "required-by-payer",
        "patient_preference": "wants",
    },
    "coverage": "plan",
    "diagnoses": ["melanocytic"],
}
TISSUE: dict[str, Any] = {
    "parts": [
        {
            "id": "part-a",
            "identifiers": [{"system": LAB, "value": "S26-00417-A", "kind": "ACSN"}],
            "description": "Left shoulder, excision",
            "body_site": {"text": "Skin of shoulder"},
            "laterality": "left",
            "collected": "2026-02-11",
            "received": "2026-02-11T16:20:00-06:00",
        }
    ],
    "blocks": [
        {"id": "a1", "part": "part-a", "identifiers": [{"system": LAB, "value": "A1"}], "remaining": "ample"},
        {"id": "a2", "part": "part-a", "identifiers": [{"system": LAB, "value": "A2"}], "remaining": "limited"},
    ],
    "slides": [
        {"id": "a1-1", "parent": "a1", "identifiers": [{"system": LAB, "value": "A1-1"}], "stain": {"text": "H&E"}},
        {"id": "a2-1", "parent": "a2", "identifiers": [{"system": LAB, "value": "A2-1"}], "stain": {"text": "H&E"}},
        {"id": "a2-2", "parent": "a2", "identifiers": [{"system": LAB, "value": "A2-2"}], "stain": {"text": "SOX10"}},
        {
            "id": "a2-3",
            "parent": "a2",
            "identifiers": [{"system": LAB, "value": "A2-3"}],
            "stain": {"text": "PRAME"},
            "kind": "recut",
        },
    ],
    "custody": [
        {
            "id": "c1",
            "items": ["a2", "a1-1", "a2-1", "a2-2"],
            "kind": "shipped",
            "at": "2026-03-03T14:00:00-06:00",
            "by": "lakeside",
            "to": "center",
            "carrier": "Polar Courier",
            "tracking": "PC 884 201",
            "due_back": "2026-05-04",
        },
        {
            "id": "c2",
            "items": ["a2", "a1-1", "a2-1"],
            "kind": "received",
            "at": "2026-03-05T10:30:00-06:00",
            "to": "center",
        },
        {"id": "c3", "items": ["a2-2"], "kind": "broken", "at": "2026-03-05", "by": "center", "note": "in transit"},
        {"id": "c4", "items": ["a2-3"], "kind": "recut", "at": "2026-03-06T08:00:00-06:00", "by": "center"},
    ],
    "endpoints": [{"id": "pacs", "address": "https://pacs.lakeside.example/dicom-web", "name": "Lakeside archive"}],
    "studies": [
        {
            "id": "scan",
            "uid": "2.25.1001",
            "started": "2026-02-13T11:00:00-06:00",
            "description": "Slide scan S26-00417",
            "series": [
                {
                    "uid": "2.25.1001.1",
                    "modality": "SM",
                    "number": 1,
                    "description": "A2-1 H&E",
                    "body_site": {"text": "Skin of shoulder"},
                    "slides": ["a2-1"],
                    "instances": [{"uid": f"2.25.1001.1.{n}", "sop_class": WSI, "number": n} for n in (1, 2, 3)],
                }
            ],
        },
        {
            "id": "ct",
            "uid": "2.25.1002",
            "started": "2026-02-25",
            "description": "CT chest and axillae",
            "endpoints": ["pacs"],
            "series": [
                {
                    "uid": "2.25.1002.1",
                    "modality": "CT",
                    "description": "Axial 2 mm",
                    "body_site": {"text": "Chest"},
                    "instances": [{"uid": f"2.25.1002.1.{n}", "sop_class": CT, "number": n} for n in range(1, 5)],
                },
            ],
        },
    ],
    "documents": [
        {
            "id": "letter",
            "path": "documents/referral letter.pdf",
            "content_type": "application/pdf",
            "sha256": "ab" * 32,
            "size": 48213,
            "kind": "history_letter",
            "title": "Referral letter",
            "date": "2026-03-02",
            "authors": ["okafor-lakeside"],
            "language": "en-US",
        },
        {
            "id": "scan-pdf",
            "path": "reports/S26-00417.pdf",
            "content_type": "application/pdf",
            "sha256": "cd" * 32,
            "size": 1204331,
            "kind": "pathology_report",
            "title": "Pathology report S26-00417, as printed",
        },
    ],
}
REPORTS: dict[str, Any] = {
    "diagnoses": [
        {
            "id": "melanocytic",
            "code": _concept("Neoplasm of uncertain behavior of skin", (ICD10, "D48.5", "")),
            "kind": "other",
            "certainty": "provisional",
            "body_site": {"text": "Skin of shoulder"},
            "laterality": "left",
            "recorded": "2026-02-18",
            "evidence": ["original"],
        }
    ],
    "procedures": [{"id": "excision", "code": {"text": "Excision of skin lesion"}, "performed": "2026-02-11"}],
    "reports": [
        {
            "id": "original",
            "role": "original",
            "kind": "surgical-pathology",
            "status": "final",
            "identifiers": [{"system": LAB, "value": "S26-00417", "kind": "ACSN"}],
            "issued": "2026-02-17T17:02:11-06:00",
            "authors": ["lind"],
            "organization": "lakeside",
            "examined": ["a1-1", "a2-1", "a2-2"],
            "documents": ["scan-pdf"],
            "sections": [
                {"kind": "history", "text": "Changing pigmented lesion for 8 months. No prior melanoma."},
                {"kind": "gross", "text": GROSS},
                {"kind": "microscopic", "text": MICRO},
                {
                    "kind": "diagnosis",
                    "text": "Skin, left shoulder, excision:\n"
                    "- Atypical compound melanocytic proliferation, see comment.\n"
                    "- Margins free (0.2 cm).",
                },
                {"kind": "comment", "text": "Early evolving melanoma is not excluded. Expert review is recommended."},
            ],
            "findings": [
                {"id": "o1", "kind": "histology", "text": "Atypical melanocytic proliferation", "part": "part-a"},
                {"id": "o2", "kind": "behavior", "text": "Uncertain", "part": "part-a"},
                {"id": "o3", "kind": "margin", "text": "Free, 0.2 cm", "part": "part-a"},
                {
                    "id": "o4",
                    "kind": "biomarker",
                    "code": {"text": "SOX10"},
                    "text": "Positive",
                    "interpretation": "positive",
                    "part": "a2-2",
                },
            ],
        },
        {
            "id": "addendum",
            "role": "original",
            "kind": "surgical-pathology",
            "status": "appended",
            "issued": "2026-02-20T09:00:00-06:00",
            "authors": ["lind"],
            "addendum_of": "original",
            "sections": [{"kind": "ancillary", "text": "HMB-45: gradient kept. Ki-67: about 5 % in the dermal part."}],
        },
        {
            "id": "review",
            "role": "review",
            "kind": "pathology-consult",
            "status": "final",
            "issued": "2026-03-09T15:00:00-06:00",
            "authors": ["reyes-center"],
            "extends": "original",
            "request": "request-1",
            "examined": ["a1-1", "a2-1", "a2-3"],
            "sections": [
                {
                    "kind": "diagnosis",
                    "text": "Skin, left shoulder, excision (S26-00417, 3 slides, 1 block):\n"
                    "- Malignant melanoma, superficial spreading type, Breslow 1.10 mm.\n- No ulceration.\n"
                    "- Margins free (0.2 cm).",
                },
                {"kind": "comment", "text": "The findings were discussed with Dr. Lind by phone on 9 March."},
                {"kind": "microscopic", "text": REVIEW_MICRO},
            ],
            "findings": [
                {
                    "id": "r1",
                    "kind": "histology",
                    "value": _concept("Superficial spreading melanoma", (LAB, "SSM", "")),
                    "part": "a2-1",
                },
                {"id": "r2", "kind": "behavior", "text": "Malignant", "part": "a2-1"},
                {"id": "r3", "kind": "margin", "text": "Free, 0.2 cm", "part": "part-a"},
                {"id": "r4", "kind": "tumor-size", "quantity": {"value": 1.10, "unit": "mm"}, "part": "a2-1"},
                {"id": "r5", "kind": "stage-t", "text": "pT2a", "part": "part-a"},
            ],
        },
        {
            "id": "ct-report",
            "role": "original",
            "kind": "radiology",
            "status": "final",
            "issued": "2026-02-25T18:11:00-06:00",
            "organization": "lakeside",
            "studies": ["ct"],
            "sections": [
                {"kind": "findings", "text": "No enlarged axillary nodes. Lungs clear."},
                {"kind": "impression", "text": "No evidence of metastatic disease."},
            ],
        },
    ],
    "concordances": [
        {
            "id": "comparison",
            "original": "original",
            "review": "review",
            "degree": "major",
            "differences": [
                {"aspect": "diagnosis", "original": "Atypical proliferation", "review": "Malignant melanoma, pT2a"},
                {"aspect": "behavior", "original": "Uncertain", "review": "Malignant"},
            ],
            "impact": "treatment-changed",
            "stated_by": "reyes-center",
            "at": "2026-03-09T15:00:00-06:00",
            "comment": "Sentinel node biopsy is indicated by thickness.",
        }
    ],
}


def rich(**changes: Any) -> Case:
    """The case; `changes` replace its members."""
    raw = {
        "id": "CASE-2026-0417",
        "test_data": True,
        "holder": "lakeside",
        "patient": {
            "identifiers": [{"system": MRN, "value": "00418822", "kind": "MR", "assigner": "Lakeside"}],
            "names": [{"family": "Haugen", "given": ["Signe", "Marie"]}, {"family": "Berg", "use": "maiden"}],
            "birth_date": "1971-08-30",
            "gender": "female",
            "known_as": [{"identifiers": [{"system": LAB, "value": "L-99120"}]}],
            "language": "en",
        },
        "access": {
            "id": "access-1",
            "pathway": "access",
            "requester": "patient",
            "recipient": "review_center",
            "recipient_party": "center",
            "purpose": "patient_request",
            "engaged_by_payer": False,
            "received_at": "2026-03-01T12:00:00-06:00",
        },
        "request": REQUEST,
        **PARTIES,
        **TISSUE,
        **REPORTS,
        **changes,
    }
    text = json.dumps(raw).replace('"value": 1.1,', '"value": 1.10,')
    return read_case(text.encode())


def observation(number: int, **members: Any) -> Carried:
    """A carried Observation."""
    resource = {"resourceType": "Observation", "id": f"o{number}", "status": "final", **members}
    base = "https://ehr.lakeside.example/fhir"
    return Carried(unit="ehr.json", base=base, full_url=f"{base}/Observation/o{number}", resource=resource)


def records() -> tuple[Carried, ...]:
    """Some carried resources."""
    ldh = {"text": "Lactate dehydrogenase"}
    return (
        observation(
            1,
            code=ldh,
            effectiveDateTime="2026-02-24T07:30:00-06:00",
            valueQuantity={"value": ExactDecimal("172.50"), "unit": "U/L"},
        ),
        observation(2, code={"coding": [{"system": "http://loinc.org", "code": "8302-2", "display": "Body height"}]}),
        Carried(
            unit="ehr.json",
            base="https://ehr.lakeside.example/fhir",
            full_url="https://ehr.lakeside.example/fhir/Condition/c9",
            resource={
                "resourceType": "Condition",
                "id": "c9",
                "code": {"text": "Hypertension"},
                "onsetDateTime": "2014",
                "clinicalStatus": {"coding": [{"code": "active"}]},
            },
        ),
    )


IMAGES = ("2.25.1001.1.1", "2.25.1001.1.2", "2.25.1001.1.3")
