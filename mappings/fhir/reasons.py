"""What FHIR has no element for on a request: the planned treatment and the six decision factors, as extensions.

The factors inform the people who decide and never decide; that is said with them (`informs-only`).
"""

from mappings.domain.assessment import DecisionFactors, DiscordanceRate
from mappings.domain.request import PlannedTreatment
from mappings.fhir.datatypes import construct, extension, many
from mappings.fhir.parts import parts, read_parts, required
from mappings.fhir.wire import ExactDecimal, Json
from mappings.identity import structure
from mappings.terminology.rates import rates_for

TREATMENT = structure("planned-treatment")
FACTORS = structure("decision-factors")
TREATMENT_PARTS = {
    "description": "String",
    "code": "CodeableConcept",
    "irreversible": "Boolean",
    "scheduled": "Date",
    "held": "Boolean",
}
FACTOR_PARTS = {
    "diagnostic_confidence": "Code",
    "treatment_consequence": "Code",
    "discordance_group": "Code",
    "time_available": "Code",
    "coverage": "Code",
    "patient_preference": "Code",
}


def treatment(value: PlannedTreatment | None) -> Json | None:
    """The planned treatment as an extension of ServiceRequest."""
    return parts(TREATMENT, value, TREATMENT_PARTS)


def factors(value: DecisionFactors | None) -> Json | None:
    """The decision factors as an extension of ServiceRequest, with the published rates of the group.

    Raises:
        ProblemError: `code-invalid`, for a group without published rates.
    """
    if value is None:
        return None
    rates = rates_for(value.discordance_group) if value.discordance_group else ()
    informs = {"url": "informs-only", "valueBoolean": True}
    return parts(FACTORS, value, FACTOR_PARTS, *many(_rate, rates), informs)


def _rate(rate: DiscordanceRate) -> Json:
    said = (
        {"url": "measure", "valueString": rate.measure},
        {"url": "lower", "valueDecimal": ExactDecimal(str(rate.lower))},
        {"url": "upper", "valueDecimal": ExactDecimal(str(rate.upper))},
        {"url": "source", "valueString": rate.source},
    )
    return {"url": "published-rate", "extension": list(said)}


def read_treatment(resource: Json) -> PlannedTreatment | None:
    """The planned treatment of a ServiceRequest."""
    found = extension(resource, TREATMENT)
    if found is None:
        return None
    read = read_parts(found, TREATMENT_PARTS, "ServiceRequest")
    required(read.get("description"), "ServiceRequest.extension.description")
    return construct(PlannedTreatment, "ServiceRequest.extension", **read)


def read_factors(resource: Json) -> DecisionFactors | None:
    """The decision factors of a ServiceRequest; the rates are not read, the group tells them."""
    found = extension(resource, FACTORS)
    if found is None:
        return None
    read = read_parts(found, FACTOR_PARTS, "ServiceRequest")
    if "discordance_group" in read:
        rates_for(read["discordance_group"])
    return construct(DecisionFactors, "ServiceRequest.extension", **read)
