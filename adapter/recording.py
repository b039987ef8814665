"""What the ledger keeps of a case: the request, the decision, the release with its AuditEvent, the accounting line."""

import hashlib
import platform
from collections import Counter
from pathlib import Path

import msgspec

from adapter.checked import Checked
from adapter.claims import claim_beside, families
from adapter.config import Settings
from adapter.consent.case_facts import party_name
from adapter.consent.decide import Decision
from adapter.consent.facts import Facts
from adapter.consent.names import PHYSICAL
from adapter.consent.policy import Policy
from adapter.consent.release import Release
from adapter.delivery.case_bundle import assembly
from adapter.ledger.store import Entry, matter_id, policy_row, request_id
from mappings.domain.access import Access
from mappings.domain.audit import DisclosureRecord, NetworkPoint, Withheld
from mappings.domain.case import Case
from mappings.domain.native import encode_case
from mappings.domain.party import PATIENT
from mappings.domain.values import Moment
from mappings.fhir import audit_event
from mappings.fhir.bundle import writing
from mappings.fhir.context import URN, Writing
from mappings.fhir.wire import Json, dumps
from mappings.identity import resource_id, sid
from mappings.terminology.tables import table

_ARCHIVE, _FOLDER = "file:case.zip", "file:case/"
"""Where the recipient gets it, by kind: a file's name may be a patient's and stands in no address."""


class Part(msgspec.Struct, frozen=True, kw_only=True):
    """What goes of a release where not all of it does: items, and the digest that tells this delivery from others."""

    items: tuple[str, ...]
    sha256: str


def content_digest(released: Release) -> str:
    """sha256 over everything that goes, the time apart."""
    digest = hashlib.sha256(encode_case(released.case))
    for item in released.carried:
        digest.update(item.full_url.encode() + b"\0" + dumps(item.resource) + b"\0")
    for name, file in sorted((*released.documents.items(), *released.instances.items())):
        digest.update(f"{name}\0{file.sha256}\0".encode())
    digest.update("|".join(row.code for row in released.basis).encode())
    return digest.hexdigest()


def entry(checked: Checked, now: Moment, action: str = "export") -> Entry:
    """A decision as the ledger takes it: what was asked, about whom, what was decided. `action` asked for it."""
    return Entry(
        request=request_row(checked, now),
        subjects=subjects_of(checked.loaded.case),
        decision=_decision_row(checked, now, action),
        policy=policy_told(checked.policy),
    )


def policy_told(policy: Policy) -> dict[str, object]:
    """The policy as the ledger keeps it: its day of effect, every switch as it stands here, and their digest."""
    switches = msgspec.to_builtins(policy)
    return policy_row(switches.pop("effective_from"), switches)


def request_row(checked: Checked, now: Moment) -> dict[str, object]:
    """What is asked of the holder, with the `id` under which the ledger has it."""
    case, access = checked.loaded.case, checked.loaded.case.access
    row: dict[str, object] = {
        "matter_id": matter_id(case.id, numbers_of(case)),
        "case_id": case.id,
        "recorded_at": str(now),
        "pathway": access.pathway if access else None,
        "requester": access.requester if access else None,
        "purpose": access.purpose if access else None,
        "received_at": str(access.received_at) if access and access.received_at else None,
        "holder_tz": access.holder_tz if access else None,
    }
    return {"id": request_id(row), **row}


def numbers_of(case: Case) -> list[tuple[str, str]]:
    """The patient's own numbers, as (system, value)."""
    return [(str(number.system), str(number.value)) for number in case.patient.identifiers]


def subjects_of(case: Case) -> tuple[dict[str, object], ...]:
    """Every number under which the case knows its patient, and a digest that tells one person from another."""
    patient = case.patient
    also = [(str(n.system), str(n.value)) for known in patient.known_as for n in known.identifiers]
    named = dumps([patient.names[0].label.casefold(), patient.birth_date])
    person = hashlib.sha256(named).hexdigest()
    numbers = dict.fromkeys((*numbers_of(case), *also))
    return tuple({"system": system, "value": value, "person_sha256": person} for system, value in numbers)


def facts_digest(facts: Facts) -> str:
    """sha256 over the facts, the time of the decision apart: the same facts tomorrow have the same digest."""
    return hashlib.sha256(msgspec.json.encode(msgspec.structs.replace(facts, as_of=None))).hexdigest()


def _decision_row(checked: Checked, now: Moment, action: str) -> dict[str, object]:
    """The decision with its time, reasons and what it excludes."""
    decision = checked.decision
    return {
        "case_id": checked.loaded.case.id,
        "action": action,
        "decided_at": str(now),
        "outcome": decision.outcome,
        "deadline": decision.deadline,
        "facts_sha256": facts_digest(checked.facts),
        "reasons": [{"code": r.code, "citation": r.citation, "item": r.item} for r in decision.reasons],
        "excluded": list(decision.excluded),
    }


def release_row(
    checked: Checked, released: Release, bundle: Json, settings: Settings, target: str, part: Part | None = None
) -> dict[str, object]:
    """The release and its AuditEvent (IHE BALP Privacy Disclosure Source).

    `target` is what is written as `bundle`, or the URI of the archive that a `part` of the release goes to.
    """
    going = part or Part(items=released.items, sha256=content_digest(released))
    return {
        "content_sha256": going.sha256,
        "decided_at": str(released.decided_at),
        "basis": [{"code": row.code, "citation": row.citation} for row in released.basis],
        "audit_event": _plain(_audit(checked, released, bundle, settings, target, going)),
    }


def disclosure_row(checked: Checked, released: Release, digest: str, now: Moment) -> dict[str, object]:
    """The line for the accounting: date, to whom, where, what, what for or on which paper (45 CFR 164.528(b)(2))."""
    case, access = checked.loaded.case, checked.loaded.case.access  # the holder's own: papers that stayed are in it
    assert access is not None
    word, exemption = _accounted(checked.decision, released)
    return {
        "disclosed_at": str(now),
        "recipient": party_name(case, access.recipient_party) or access.recipient,
        "recipient_address": _address(case, access),
        "description": _description(checked, released),
        "purpose": access.purpose,
        "request_paper": _paper(access),
        "accounting": word,
        "exemption": exemption,
        "manifest_sha256": digest,
    }


def _description(checked: Checked, released: Release) -> str:
    """A brief description of what was disclosed (45 CFR 164.528(b)(2)(iii)): how many of each kind.

    Information alone is disclosed: a slide or block goes, or waits, by the record of custody.
    """
    kinds = {item.id: item.kind or "undeclared" for item in checked.facts.materials}
    counted = Counter(kinds[name].replace("_", " ") for name in released.items if not name.endswith(PHYSICAL))
    told = ", ".join(f"{kind} ({counted[kind]})" for kind in sorted(counted))
    return f"case {released.case.id}: {counted.total()} items: {told}"


def _address(case: Case, access: Access) -> str | None:
    """Where the recipient gets it, if known (45 CFR 164.528(b)(2)(ii)): as directed, else the party's own address."""
    if access.directive and access.directive.address:
        return access.directive.address
    places = {PATIENT: case.patient.addresses}
    places |= {party.id: party.addresses for party in case.organizations}
    places |= {party.id: party.addresses for party in case.practitioners}
    places |= {party.id: party.addresses for party in case.related_persons}
    places |= {role.id: places.get(role.organization, ()) for role in case.roles}
    known = next((a for a in places.get(access.recipient_party, ()) if a.use != "old"), None)
    if known is None:
        return None
    town = " ".join(part for part in (known.state, known.postal_code) if part)
    return ", ".join(part for part in (*known.lines, known.city, town, known.country) if part)


def _paper(access: Access) -> str | None:
    """The written request or authorization of the case, by its local name."""
    papers = (access.directive, access.authorization)
    return next((paper.document for paper in papers if paper and paper.document), None)


def _accounted(decision: Decision, released: Release) -> tuple[str, str | None]:
    """Whether the accounting wants the line: `required`, `exempt`, `part2` (42 CFR 2.25 alone); and why it is exempt.

    Without a word either way the line is wanted.
    """
    told = {reason.code for reason in decision.reasons}
    if "ACCOUNTING_EXEMPT" not in told or "ACCOUNTING_REQUIRED" in told:
        return "required", None
    going = dict.fromkeys(EXEMPTIONS[row.code] for row in released.basis if row.code in EXEMPTIONS)
    paragraphs = ", ".join(f"45 CFR 164.528(a)(1){paragraph}" for paragraph in going) or None
    return "part2" if "PART2_ACCOUNTING_REQUIRED" in told else "exempt", paragraphs


EXEMPTIONS = {
    "TREATMENT_DISCLOSURE": "(i)",
    "PAYMENT_DISCLOSURE": "(i)",
    "ACCESS_RIGHT": "(ii)",
    "AUTHORIZATION_DISCLOSURE": "(iv)",
    "INVOLVED_IN_CARE": "(v)",
    "DECEDENT_FAMILY_INVOLVED": "(v)",
    "LIMITED_DATA_SET": "(viii)",
}
"""Legal basis -> why the accounting need not list it. Of (iii), (vi), (vii) and (ix) the gate knows no basis."""


def _plain(resource: Json) -> object:
    """The resource as plain JSON values, as a database column takes them."""
    return msgspec.json.decode(dumps(resource))


def _place(target: str) -> str:
    if "://" in target:
        return target
    return _ARCHIVE if Path(target).suffix == ".zip" else _FOLDER


def _audit(checked: Checked, released: Release, bundle: Json, settings: Settings, target: str, going: Part) -> Json:
    case, decision = released.case, checked.decision
    assert case.access is not None
    ctx = writing(case, released.carried, assembly(released, settings))
    own = resource_id(settings.namespace, sid("disclosure"), going.sha256)
    reasons = {reason.item: reason for reason in reversed(decision.reasons) if reason.item in decision.excluded}
    record = DisclosureRecord(
        id="disclosure",
        recorded=released.decided_at,
        outcome="success",
        source=case.holder,
        source_address=NetworkPoint(kind="machine", address=platform.node() or "localhost"),
        recipient=case.access.recipient_party,
        recipient_address=NetworkPoint(kind="uri", address=_place(target)),
        released=tuple(name for name in going.items if name in ctx.urls),
        withheld=tuple(
            Withheld(item=name, reason=reasons[name].code, citation=reasons[name].citation)
            for name in decision.excluded
            if name in reasons
        ),
        purpose=case.access.purpose if case.access.purpose in table("purpose-of-use").values else None,
        policies=tuple(row.uri for row in released.basis),
    )
    made = audit_event.to_fhir(record, Writing({**ctx.urls, "disclosure": URN + own}, case.test_data))
    return claim_beside(URN + own, made, bundle, families(settings))
