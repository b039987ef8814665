"""The papers behind a release <-> Consent (https://hl7.org/fhir/R4/consent.html).

Directive (45 CFR 164.524(c)(3)(ii)), authorization (164.508) and Part 2 consent (42 CFR 2.31) are one Consent each; a
plain access request is a Task alone. Two shapes: `pcf` (IHE Privacy Consent on FHIR, organization 1..*) and `fast` (HL7
FAST, organization 0..0 and R5's grantee and controller). Neither has a place for the elements of a valid paper: those
are parts of an extension of ours. What was agreed or found against a release (restrictions, determinations) is never
written here.
"""

from collections.abc import Callable
from typing import Any, Literal

from mappings.domain.access import Access, Authorization, Directive, Part2Consent
from mappings.domain.party import PATIENT
from mappings.fhir.context import Reading, Writing
from mappings.fhir.datatypes import (
    Rule,
    compact,
    construct,
    extension,
    first_of,
    from_table,
    from_table_list,
    objects,
    read_moment,
    text,
)
from mappings.fhir.parts import a_date, expect, parts, read_parts
from mappings.fhir.task import own_identifier
from mappings.fhir.wire import Json
from mappings.identity import structure
from mappings.problems import refuse
from mappings.terminology.tables import table

Paper = Directive | Authorization | Part2Consent
Shape = Literal["pcf", "fast"]

PROFILE = "http://hl7.org/fhir/StructureDefinition/Consent"
FACTS = structure("consent-facts")
EXPIRY = structure("consent-expiry")
"""On provision: an expiry that is an event or `none`, which a Period cannot say."""
GRANTEE = "http://hl7.org/fhir/5.0/StructureDefinition/extension-Consent.grantee"
CONTROLLER = "http://hl7.org/fhir/5.0/StructureDefinition/extension-Consent.controller"
LIMITED = "limited-to-data"
_BOOLEAN, _STRING = "Boolean", "String"
KINDS: dict[type[Paper], dict[str, str]] = {
    Directive: {"written": _BOOLEAN, "signed": _BOOLEAN, "designee": _STRING, "address": _STRING},
    Authorization: {
        **dict.fromkeys(("description", "discloser", "recipient", "purpose"), _STRING),
        "signed": _BOOLEAN,
        "signer": "Code",
        "representative_authority_described": _BOOLEAN,
        **dict.fromkeys(("statement_revocation", "statement_conditioning", "statement_redisclosure"), _BOOLEAN),
        "revoked_in_writing_on": "Date",
        **dict.fromkeys(("compound", "conditioned", "known_false", "psychotherapy_notes"), _BOOLEAN),
    },
    Part2Consent: {
        **dict.fromkeys(("patient_named", "discloser", "description"), _BOOLEAN),
        "recipients": _STRING,
        **dict.fromkeys(
            ("recipient_is_covered_entity", "tpo_single_consent", "hipaa_redisclosure_statement"), _BOOLEAN
        ),
        "purpose": _STRING,
        "revocation_right": _BOOLEAN,
        "signed": _BOOLEAN,
        **dict.fromkeys(("redisclosure_potential_statement", "refusal_consequences_statement"), _BOOLEAN),
        "revoked_on": "Date",
    },
}
PAPERS: dict[str, type[Paper]] = {"directive": Directive, "authorization": Authorization, "part2_consent": Part2Consent}
RULES = (
    Rule(
        "access.directive, access.authorization, access.part2_consent",
        "Consent.extension:consent-facts",
        "a part for every stated element of the paper",
    ),
    Rule("access.recipient_party, holder", "Consent.extension", "shape fast: grantee and controller of R5"),
    Rule("name of the Consent", "Consent.identifier", "urn:uuid of the Consent itself"),
    Rule(
        "access.authorization.signed, access.authorization.revoked_in_writing_on",
        "Consent.status",
        "active; proposed until it is signed (and written); inactive once revoked",
    ),
    Rule("-", "Consent.scope", "patient-privacy"),
    Rule("which paper", "Consent.category", "HIPAAROAD, HIPAAAuthCD, 42CFRPart2CD (table consent-category)"),
    Rule("patient", "Consent.patient"),
    Rule("access.authorization.signed_on", "Consent.dateTime", "the same of the other papers"),
    Rule("access.authorization.signer", "Consent.performer", "the patient, or who asked as representative"),
    Rule("holder", "Consent.organization", "shape pcf"),
    Rule("access.authorization.document", "Consent.sourceReference", "the signed paper, a DocumentReference"),
    Rule("citations", "Consent.policy.uri", "addresses handed in by the caller"),
    Rule("which paper", "Consent.policyRule", "table consent-policy-rule"),
    Rule("-", "Consent.provision.type", "permit, at the root as both profiles want it; deny is not read"),
    Rule(
        "access.authorization.expiry",
        "Consent.provision.period.end, Consent.provision.extension:consent-expiry",
        "a date is the end of the period; an event or `none` is in the extension",
    ),
    Rule("access.recipient_party", "Consent.provision.actor", "role IRCP"),
    Rule("access.purpose", "Consent.provision.purpose", "open table purpose-of-use; other words stay in the paper"),
    Rule(
        "access.authorization.covers, access.part2_consent.covers",
        "Consent.provision.data",
        "the released items; `covers` comes back as far as it was released",
    ),
    Rule(
        "access.psychotherapy_authorization, access.counseling_notes_consent, access.proceedings_consent,"
        " access.restrictions, access.determinations",
        "-",
        "stay with the holder; the signed papers go as documents",
    ),
    Rule(
        "access.authorization.plain_language, access.authorization.remuneration,"
        " access.authorization.statement_remuneration, access.authorization.expiry_event_occurred,"
        " access.authorization.sought_by_holder, access.authorization.copy_given, access.part2_consent.signer,"
        " access.part2_consent.signer_authority_described, access.part2_consent.recipient_is_intermediary,"
        " access.part2_consent.intermediary_participants_named, access.part2_consent.combined,"
        " access.part2_consent.known_false",
        "-",
        "what the holder found of a paper stays with the holder",
    ),
)


def papers(access: Access) -> tuple[tuple[str, str], ...]:
    """The local name and the field of every paper: `ID#consent`, then `ID#consent-2` and `ID#consent-3`."""
    present = [field for field in PAPERS if getattr(access, field) is not None]
    return tuple(
        (f"{access.id}#consent" if number == 1 else f"{access.id}#consent-{number}", field)
        for number, field in enumerate(present, start=1)
    )


def to_fhir(
    access: Access,
    ctx: Writing,
    *,
    holder: str,
    policies: tuple[str, ...],
    data: tuple[str, ...] = (),
    paper: str | None = None,
    shape: Shape = "pcf",
) -> Json:
    """Write one paper (the first unless `paper` names its field).

    `holder` is the local name of the organization that holds the record, `policies` are the citations' addresses,
    `data` the local names of the released items.

    Raises:
        ProblemError: there is no such paper, its purpose is in no table, or something it refers to is not written.
    """
    name, field = next(((n, f) for n, f in papers(access) if paper in (None, f)), (None, None))
    if name is None or field is None:
        message = (
            "there is no such paper: without a directive, an authorization or a Part 2 consent there is no Consent"
        )
        raise refuse("not-found", "access", message, rule="consent.paper")
    value: Paper = getattr(access, field)
    return compact(
        {
            "resourceType": "Consent",
            "id": ctx.id(name),
            "meta": ctx.meta(),
            "extension": [*_fast(access, holder, ctx, shape), _facts(value)],
            "identifier": own_identifier(ctx, name),
            "status": table("consent-status").code(_state(value)),
            "scope": from_table("consent-scope", "patient-privacy"),
            "category": from_table_list("consent-category", field),
            "patient": _to(PATIENT, ctx, shape),
            "dateTime": value.signed_on and str(value.signed_on),
            "performer": [_to(signer, ctx, shape)] if (signer := _signer(access, value)) else None,
            "organization": [ctx.to(holder)] if shape == "pcf" else None,
            "sourceReference": ctx.maybe(value.document),
            "policy": [{"uri": uri} for uri in policies],
            "policyRule": from_table("consent-policy-rule", field),
            "provision": _provision(access, value, data, ctx),
        }
    )


def from_fhir(resource: Json, ctx: Reading) -> Paper:
    """Read a Consent that is one of the three papers; what it does not state is unknown, and unknown never permits.

    Raises:
        ProblemError: another kind of consent, one that denies or is out of force, or one with exceptions.
    """
    expect(resource, "Consent")
    field = first_of("consent-category", resource.get("category"))
    if field is None:
        message = "is none of HIPAAROAD, HIPAAAuthCD, 42CFRPart2CD: keep it as it came"
        raise refuse("not-supported", "Consent.category", message, rule="table.consent-category")
    kind = PAPERS[field]
    raw = resource.get("provision")
    provision: Json = raw if isinstance(raw, dict) else {}
    if provision.get("type") == "deny" or provision.get("provision"):
        message = "denies, or permits with exceptions: that is no paper a release can rest on as it stands"
        raise refuse("not-supported", "Consent.provision", message, rule="fhir.reading")
    found = extension(resource, FACTS)
    fields: dict[str, Any] = read_parts(found, KINDS[kind], "Consent")
    fields["document"] = ctx.name(resource.get("sourceReference"))
    signed = read_moment(resource, "dateTime")
    fields["signed_on"] = signed.date if signed else None
    if kind is Directive:
        fields = {"written": False, "signed": False, **fields}
    else:
        fields["expiry"] = _read_expiry(provision)
    if kind is not Directive and _limited(found):
        fields["covers"] = ctx.all([item.get("reference") for item in objects(provision.get("data"))])
    make: Callable[..., Paper] = kind
    paper = construct(make, "Consent", **fields)
    _in_force(resource, paper)
    return paper


def _facts(value: Paper) -> Json | None:
    limited = getattr(value, "covers", None) is not None
    more = [{"url": LIMITED, "valueBoolean": True}] if limited else []
    return parts(FACTS, value, KINDS[type(value)], *more)


def _limited(found: Json | None) -> bool:
    return any(item.get("url") == LIMITED for item in objects(found.get("extension") if found else None))


def _fast(access: Access, holder: str, ctx: Writing, shape: Shape) -> list[Json]:
    if shape != "fast":
        return []
    return [
        {"url": GRANTEE, "valueReference": ctx.to(access.recipient_party)},
        {"url": CONTROLLER, "valueReference": ctx.to(holder)},
    ]


def _to(name: str, ctx: Writing, shape: Shape) -> Json:
    """A reference to a person; FAST wants the person's identifier beside it (FASTReference)."""
    reference = ctx.to(name)
    if shape != "fast":
        return reference
    return {**reference, "identifier": {"system": "urn:ietf:rfc:3986", "value": reference["reference"]}}


def _state(value: Paper) -> str:
    revoked = getattr(value, "revoked_in_writing_on", None) or getattr(value, "revoked_on", None)
    if revoked:
        return "revoked"
    return "in-force" if value.signed and getattr(value, "written", True) else "unsigned"


def _signer(access: Access, value: Paper) -> str | None:
    stated = value.signer if isinstance(value, Authorization) else None
    if stated is None and (access.representative or access.requester in ("personal_representative", "parent")):
        stated = "personal_representative"
    return access.requested_by if stated == "personal_representative" else PATIENT


def _provision(access: Access, value: Paper, data: tuple[str, ...], ctx: Writing) -> Json:
    expiry = "" if isinstance(value, Directive) else value.expiry
    end = a_date(expiry)
    covers = None if isinstance(value, Directive) else value.covers
    named = data if covers is None else [name for name in covers if name in ctx.urls]
    return compact(
        {
            "extension": [{"url": EXPIRY, "valueString": expiry}] if expiry and not end else None,
            "type": "permit",
            "period": {"end": str(end)} if end else None,
            "actor": [{"role": from_table("consent-actor", "recipient"), "reference": ctx.to(access.recipient_party)}],
            "purpose": [
                {"system": code.system, "code": code.code, "display": code.display}
                for code in table("purpose-of-use").codings_or_none(access.purpose)
            ],
            "data": [{"meaning": "instance", "reference": reference} for reference in ctx.to_all(named)],
        }
    )


def _read_expiry(provision: Json) -> str:
    said = extension(provision, EXPIRY)
    if said:
        return text(said.get("valueString")) or ""
    period = provision.get("period")
    end = read_moment(period, "end") if isinstance(period, dict) else None
    return str(end.date) if end else ""


def _in_force(resource: Json, paper: Paper) -> None:
    """Refuse a status that says more against the paper than what was read from it."""
    status = resource.get("status")
    if status not in ("active", "draft", "proposed", table("consent-status").code(_state(paper))):
        message = "is out of force, and nothing tells since when: keep it as it came"
        raise refuse("not-supported", "Consent.status", message, rule="fhir.reading")
    if status != "active" and _state(paper) == "in-force":
        raise refuse("conflict", "Consent.status", "says it is not signed, its facts say it is", rule="fhir.reading")
