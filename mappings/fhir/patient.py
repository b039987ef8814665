"""The case's patient <-> Patient (https://hl7.org/fhir/R4/patient.html)."""

from mappings.domain.party import PATIENT, Patient
from mappings.fhir.context import Reading, Writing
from mappings.fhir.datatypes import Rule, compact, construct, many, moment, objects, read_date, read_moment, text
from mappings.fhir.people import (
    address,
    contact_point,
    human_name,
    identifier,
    read_addresses,
    read_contacts,
    read_identifiers,
    read_names,
)
from mappings.fhir.wire import Json

PROFILE = "http://hl7.org/fhir/StructureDefinition/Patient"
RULES = (
    Rule("patient.identifiers", "Patient.identifier", "issuer and number; type from the table identifier-type"),
    Rule("patient.names", "Patient.name"),
    Rule("patient.contacts", "Patient.telecom"),
    Rule("patient.gender", "Patient.gender"),
    Rule("patient.birth_date", "Patient.birthDate", "as precise as known"),
    Rule("patient.deceased", "Patient.deceasedBoolean"),
    Rule("patient.deceased_on", "Patient.deceasedDateTime"),
    Rule("patient.addresses", "Patient.address"),
    Rule("patient.language", "Patient.communication.language", "BCP-47; preferred"),
    Rule("carried Patient of a source", "Patient.link", "type seealso: the same person as another source has it"),
    Rule("patient.known_as", "-", "stays with the holder: it only tells which items are this person's"),
)
LANGUAGES = "urn:ietf:bcp:47"


def to_fhir(patient: Patient, ctx: Writing, *, also: tuple[str, ...] = ()) -> Json:
    """Write the patient; `also` are the fullUrls of carried Patients of the same person."""
    language = {"coding": [{"system": LANGUAGES, "code": patient.language}]} if patient.language else None
    return compact(
        {
            "resourceType": "Patient",
            "id": ctx.id(PATIENT),
            "meta": ctx.meta(),
            "identifier": many(identifier, patient.identifiers),
            "name": many(human_name, patient.names),
            "telecom": many(contact_point, patient.contacts),
            "gender": patient.gender,
            "birthDate": patient.birth_date and str(patient.birth_date),
            "deceasedBoolean": patient.deceased,
            **moment("deceasedDateTime", patient.deceased_on),
            "address": many(address, patient.addresses),
            "communication": [{"language": language, "preferred": True}] if language else None,
            "link": [{"other": {"reference": url}, "type": "seealso"} for url in also],
        }
    )


def from_fhir(resource: Json, ctx: Reading) -> Patient:
    """Read a Patient.

    Raises:
        ProblemError: it names nobody (no identifier with its issuer, or no name), or a value is not valid.
    """
    deceased = resource.get("deceasedBoolean")
    return construct(
        Patient,
        "Patient",
        identifiers=read_identifiers(resource.get("identifier")),
        names=read_names(resource.get("name")),
        contacts=read_contacts(resource.get("telecom")),
        gender=text(resource.get("gender")),
        birth_date=read_date(resource, "birthDate"),
        deceased=deceased if isinstance(deceased, bool) else None,
        deceased_on=read_moment(resource, "deceasedDateTime"),
        addresses=read_addresses(resource.get("address")),
        language=_language(resource),
    )


def _language(resource: Json) -> str | None:
    for entry in objects(resource.get("communication")):
        language = entry.get("language")
        for item in objects(language.get("coding") if isinstance(language, dict) else None):
            if item.get("system") == LANGUAGES:
                return text(item.get("code"))
    return None
