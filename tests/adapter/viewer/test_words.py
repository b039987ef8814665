"""Every value of the domain has a name on the page, and colours can be read."""

import re
import typing
from importlib.resources import files

import pytest

from adapter.viewer import words
from mappings.completeness.assess import Requirement
from mappings.domain.assessment import DecisionFactors
from mappings.domain.clinical import Diagnosis, Procedure
from mappings.domain.concordance import Concordance, Difference
from mappings.domain.material import Block, CustodyEvent, ImagingStudy, Part, Series, Slide
from mappings.domain.party import Accreditation, Coverage, Organization, Patient, RelatedPerson
from mappings.domain.report import Finding, Report, Section
from mappings.domain.request import RequestEvent, ReviewRequest
from mappings.domain.values import Contact, Identifier, PersonName
from mappings.terminology.tables import table

NAMED = [
    (words.REASONS, ReviewRequest, "reasons"),
    (words.SCOPES, ReviewRequest, "scope"),
    (words.URGENCIES, ReviewRequest, "urgency"),
    (words.EMERGENCIES, ReviewRequest, "emergency"),
    (words.STATUSES, RequestEvent, "status"),
    (words.DETAILS, RequestEvent, "detail"),
    (words.CONFIDENCE, DecisionFactors, "diagnostic_confidence"),
    (words.CONSEQUENCE, DecisionFactors, "treatment_consequence"),
    (words.TIME, DecisionFactors, "time_available"),
    (words.COVERAGE, DecisionFactors, "coverage"),
    (words.PREFERENCE, DecisionFactors, "patient_preference"),
    (words.GENDERS, Patient, "gender"),
    (words.IDENTIFIERS, Identifier, "kind"),
    (words.NAME_USES, PersonName, "use"),
    (words.CONTACTS, Contact, "system"),
    (words.ACCREDITATIONS, Accreditation, "body"),
    (words.ORGANIZATIONS, Organization, "kind"),
    (words.RELATIONSHIPS, RelatedPerson, "relationship"),
    (words.COVERED_AS, Coverage, "relationship"),
    (words.COVERAGE_STATUSES, Coverage, "status"),
    (words.LATERALITIES, Part, "laterality"),
    (words.LATERALITIES, Series, "laterality"),
    (words.REMAINING, Block, "remaining"),
    (words.SLIDES, Slide, "kind"),
    (words.CUSTODY, CustodyEvent, "kind"),
    (words.STUDY_STATUSES, ImagingStudy, "status"),
    (words.REPORT_KINDS, Report, "kind"),
    (words.REPORT_STATUSES, Report, "status"),
    (words.ROLES, Report, "role"),
    (words.SECTIONS, Section, "kind"),
    (words.FINDINGS, Finding, "kind"),
    (words.INTERPRETATIONS, Finding, "interpretation"),
    (words.ABSENT, Finding, "absent"),
    (words.DEGREES, Concordance, "degree"),
    (words.MEANINGS, Concordance, "degree"),
    (words.SIGNS, Concordance, "degree"),
    (words.IMPACTS, Concordance, "impact"),
    (words.ASPECTS, Difference, "aspect"),
    (words.DIAGNOSES, Diagnosis, "kind"),
    (words.CLINICAL, Diagnosis, "clinical_status"),
    (words.CERTAINTIES, Diagnosis, "certainty"),
    (words.PROCEDURES, Procedure, "status"),
    (words.LEVELS, Requirement, "level"),
    (words.NEED_STATES, Requirement, "state"),
]


def _values(hint: typing.Any) -> set[str]:
    if typing.get_origin(hint) is typing.Literal:
        return set(typing.get_args(hint))
    return {value for inner in typing.get_args(hint) for value in _values(inner)}


@pytest.mark.parametrize(("named", "struct", "field"), NAMED)
def test_every_value_has_a_name(named: dict[str, str], struct: type, field: str) -> None:
    values = _values(typing.get_type_hints(struct)[field])
    assert values
    assert values <= set(named)


def test_every_modality_of_the_table_has_a_name() -> None:
    assert set(table("modality").values) <= set(words.MODALITIES)


STYLE = files("adapter.viewer").joinpath("style.css").read_text(encoding="utf-8")


def _colours(block: str) -> dict[str, str]:
    return dict(re.findall(r"--([a-z-]+): (#[0-9a-f]{6});", block))


def _light(colour: str) -> float:
    parts = [int(colour[n : n + 2], 16) / 255 for n in (1, 3, 5)]
    linear = [p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(one: str, other: str) -> float:
    """WCAG 2 contrast ratio."""
    high, low = sorted((_light(one), _light(other)), reverse=True)
    return (high + 0.05) / (low + 0.05)


def test_the_measure_itself() -> None:
    assert contrast("#000000", "#ffffff") == pytest.approx(21)
    assert contrast("#777777", "#ffffff") == pytest.approx(4.48, abs=0.01)


@pytest.mark.parametrize("scheme", [0, 1], ids=["light", "dark"])
@pytest.mark.parametrize(
    ("ink", "paper"),
    [
        (ink, paper)
        for ink in ("ink", "quiet", "accent")
        for paper in ("paper", "sunken", "alert-paper", "mark-paper", "calm-paper")
    ]
    + [("alert", "alert-paper"), ("mark", "mark-paper"), ("calm", "calm-paper")],
)
def test_text_can_be_read(scheme: int, ink: str, paper: str) -> None:
    blocks = re.findall(r":root \{([^}]*--paper[^}]*)\}", STYLE)
    assert len(blocks) == 2
    colours = _colours(blocks[scheme])
    assert contrast(colours[ink], colours[paper]) >= 4.5


def test_the_style_has_what_it_promises() -> None:
    assert "@media print" in STYLE
    assert "size: letter" in STYLE
    assert "@media screen and (prefers-color-scheme: dark)" in STYLE
    assert ":focus-visible { outline: 3px solid" in STYLE
    assert not set("<&") & set(STYLE)
