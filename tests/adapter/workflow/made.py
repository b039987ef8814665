"""The small request as a workflow, and what is looked for in it."""

from pathlib import Path
from typing import Any

from mappings.domain.values import Moment
from mappings.fhir.wire import Json, dumps, loads
from tests.workflows import ASKED, LATER, exported, settings, shown, small

OURS = "https://w3id.org/second-opinion/fhir/"
BALP = "https://profiles.ihe.net/ITI/BALP/StructureDefinition/IHE.BasicAudit."
FAST = "http://hl7.org/fhir/us/consent-management/StructureDefinition/FAST"
PCF = "https://profiles.ihe.net/ITI/PCF/StructureDefinition/IHE.PCF.consent"
LABEL = {"system": f"{OURS}CodeSystem/record-label", "code": "holder-only", "display": "Stays with the holder"}


def bundle(folder: Path, now: Moment = LATER, *, export: bool = True, shape: str = "pcf", **access: Any) -> Json:
    """The workflow of the small request with these changes, after an export."""
    chosen, case = settings(folder, consent_shape=shape), small(folder, **(ASKED | access))
    if export:
        exported(case, folder, chosen)
    made: Json = loads(dumps(shown(case, chosen, now).bundle))
    return made


def of(made: Json, kind: str) -> list[Json]:
    return [entry["resource"] for entry in made["entry"] if entry["resource"]["resourceType"] == kind]


def task(made: Json, code: str = "access") -> Json:
    [found] = [one for one in of(made, "Task") if one["code"]["coding"][0]["code"] == code]
    return found


def business(one: Json) -> str:
    return str(one["businessStatus"]["coding"][0]["code"])


def events(made: Json, subtype: str) -> list[Json]:
    return [one for one in of(made, "AuditEvent") if one["subtype"][0]["code"] == subtype]


def claims(one: Json) -> list[str]:
    return list(one.get("meta", {}).get("profile", []))
