"""The examples of our profiles: `python -m tests.profiles.examples` writes them anew, test_examples compares.

They are what the adapter emits: taken out of the golden bundles with their claims, and what no golden bundle holds (it
stays with the holder, or goes in another shape) from the same mappers, with the claim of ours. Only the id is exchanged
for a name.
"""

import copy
from collections.abc import Callable, Iterator
from datetime import date

import msgspec

from mappings.domain.access import Access, Authorization, DenialReview, Directive, Notice
from mappings.domain.audit import DisclosureRecord, NetworkPoint, Withheld
from mappings.domain.document import CaseDocument, ContentSection
from mappings.domain.party import PATIENT
from mappings.domain.request import RequestEvent, ReviewRequest
from mappings.domain.specimen_release import SpecimenRelease
from mappings.domain.values import Moment, PartialDate
from mappings.fhir import (
    access_task,
    audit_event,
    communication,
    composition,
    consent,
    review_task,
    specimen_release,
    task,
)
from mappings.fhir.context import URN, Writing
from mappings.fhir.wire import Json, dumps, pretty, read_object
from mappings.identity import CASE, DEFAULT_NAMESPACE, ITEM, resource_id, structure
from tests.golden import CASES

FOLDER = CASES.parent.parent / "profiles" / "examples"
AT = Moment("2026-03-03T09:15:00-05:00")
ECFR = "https://www.ecfr.gov/current/title-45/section-164."
ORDER = ("resourceType", "id", "meta")


class Example(msgspec.Struct, frozen=True, kw_only=True):
    """One example: its name, the profile of ours it satisfies, and where it comes from."""

    name: str
    profile: str
    made: Callable[[], Json]


def golden(case: str, kind: str, *words: str) -> Callable[[], Json]:
    """The first resource of ours in that golden bundle that is of the type and holds all the words."""

    def taken() -> Json:
        held = (e["resource"] for e in _bundle(case)["entry"] if e["fullUrl"].startswith(URN))
        of_kind = (resource for resource in held if resource["resourceType"] == kind)
        return next(resource for resource in of_kind if all(word in dumps(resource).decode() for word in words))

    return taken


def _bundle(case: str) -> Json:
    return read_object((CASES / case / "expected" / "bundle.json").read_bytes())


# --- what no golden bundle holds

NAMES = (PATIENT, "request", "request#task", "request#abort", "access#task", "access#consent", "holder", "center")
OF_A_SLIDE = ("slide", "slide.release", "lab", "scan")
MORE = ("clinician", "report", "slides", "notice", "letter", "paper", "disclosure", "access#review", "official")
WRITING = Writing(
    {name: URN + resource_id(DEFAULT_NAMESPACE, ITEM, name) for name in NAMES + MORE + OF_A_SLIDE}, test_data=True
)
REQUEST = ReviewRequest(
    id="request",
    scope="pathology-only",
    reasons=("patient-wish",),
    question="Is this what the report says?",
    authored_on=Moment("2026-02-20T10:00:00-05:00"),
    requester="clinician",
    performer="center",
    events=(
        RequestEvent(status="requested", at=Moment("2026-02-20T10:00:00-05:00")),
        RequestEvent(status="accepted", at=Moment("2026-02-23T08:30:00-05:00")),
        RequestEvent(status="in-progress", at=Moment("2026-02-25T08:30:00-05:00")),
        RequestEvent(status="cancelled", at=AT, reason="The patient has decided otherwise."),
    ),
)
DIRECTED = Access(
    id="access",
    pathway="access",
    requester="patient",
    recipient="review_center",
    recipient_party="center",
    purpose="patient_request",
    requested_by=PATIENT,
    identity_verified=True,
    received_at=AT,
    holder_tz="America/New_York",
    directive=Directive(
        written=True, signed=True, designee="Review Center (synthetic)", signed_on=PartialDate("2026-03-02")
    ),
)
REVIEWED = msgspec.structs.replace(
    DIRECTED,
    directive=None,
    recipient="patient",
    recipient_party=PATIENT,
    review=DenialReview(
        requested_on=PartialDate("2026-03-12"),
        official="Ida Testreviewer",
        official_licensed=True,
        decision="overturn",
        decided_on=PartialDate("2026-03-20"),
    ),
)
AUTHORIZED = Access(
    id="access",
    pathway="disclosure",
    requester="attorney",
    recipient="review_center",
    recipient_party="center",
    purpose="other",
    requested_by="clinician",
    authorization=Authorization(
        description="Slides and report of the biopsy",
        discloser="Holder Hospital (synthetic)",
        recipient="Review Center (synthetic)",
        purpose="Review of the diagnosis",
        expiry="end of the review",
        signed=True,
        signed_on=PartialDate("2026-03-02"),
        signer="patient",
        document="paper",
    ),
)

RELEASED = SpecimenRelease(
    id="slide.release",
    item="slide",
    form="loan",
    status="accepted",
    holder="lab",
    asked=AT,
    recipient="center",
    request="request",
    authority="access#consent",
    paper="authorization",
    basis="authorization",
    custodian="Slide room, Review Center (synthetic)",
    return_by=PartialDate("2026-06-01"),
    kept_until=PartialDate("2036-02-18"),
    scans=("scan",),
)


def abort() -> Json:
    """A review that was cancelled after it had begun."""
    made = task.abort_to_fhir(REQUEST, WRITING)
    assert made is not None
    return made


def access_request() -> Json:
    """A patient directs a copy to the review center; accepted, due in 30 days."""
    clock = (date(2026, 3, 3), date(2026, 4, 2))
    return access_task.to_fhir(DIRECTED, WRITING, holder="holder", clock=clock, status="accepted")


def denial_review() -> Json:
    """The reviewing official overturned a denial; who had found that access endangers took no part."""
    return review_task.to_fhir(
        REVIEWED, WRITING, denied=("letter",), deciders=("Otto Testdoctor",), official="official"
    )


def fast_consent() -> Json:
    """An authorization in the shape of FAST."""
    return consent.to_fhir(
        AUTHORIZED,
        WRITING,
        holder="holder",
        policies=(f"{ECFR}508#p-164.508(a)(1)",),
        data=("report",),
        shape="fast",
    )


def notice() -> Json:
    """A denial: the words and the letter."""
    said = Notice(
        id="notice",
        kind="denial",
        sent=AT,
        recipient=PATIENT,
        text="We cannot give you a copy of the notes named in your request; the letter says why and what you can do.",
        about=("access#task",),
        document="letter",
    )
    return communication.to_fhir(said, WRITING)


def disclosure() -> Json:
    """What went to the review center and what stayed."""
    record = DisclosureRecord(
        id="disclosure",
        recorded=AT,
        outcome="success",
        source="holder",
        source_address=NetworkPoint(kind="machine", address="gateway.holder.example"),
        recipient="center",
        recipient_address=NetworkPoint(kind="uri", address="https://center.example/fhir"),
        released=("report", "slides"),
        withheld=(Withheld(item="notes", reason="PSYCHOTHERAPY_NOTES", citation="45 CFR 164.524(a)(1)(i)"),),
        purpose="treatment",
        policies=(f"{ECFR}506#p-164.506(c)(2)",),
        accounting="exempt",
    )
    return audit_event.to_fhir(record, WRITING)


def loan() -> Json:
    """An original slide goes on loan for treatment; its scan can be had at once."""
    return specimen_release.to_fhir(RELEASED, WRITING)


def held_back() -> Json:
    """The same slide was asked for good: its laboratory still has to keep it."""
    kept = {"form": "transfer", "status": "rejected", "reason": "retention", "custodian": None, "return_by": None}
    return specimen_release.to_fhir(msgspec.structs.replace(RELEASED, **kept), WRITING)


SECTIONS = {
    "request": ("ServiceRequest", "Task"),
    "authority": ("Consent", "Provenance", "Coverage"),
    "diagnoses": ("Condition", "Procedure"),
    "reports": ("DiagnosticReport", "Observation"),
    "specimens": ("Specimen",),
    "imaging": ("ImagingStudy", "Endpoint"),
    "documents": ("DocumentReference", "Binary"),
    "people": ("Patient", "Practitioner", "PractitionerRole", "Organization", "RelatedPerson"),
}
DOCUMENT = "authorization"
"""The golden bundle that is shown as a document."""


def contents() -> Json:
    """The contents of a golden bundle: every entry under its heading."""
    held = [(e["fullUrl"], e["resource"]["resourceType"]) for e in _bundle(DOCUMENT)["entry"]]
    urls = {url: url for url, _ in held} | {"contents": URN + resource_id(DEFAULT_NAMESPACE, ITEM, "contents")}
    listed = {kind: tuple(url for url, of in held if of in kinds) for kind, kinds in SECTIONS.items()}
    made = CaseDocument(
        id="contents",
        kind="review-request",
        title="Request for a second opinion",
        date=AT,
        authors=(next(url for url, kind in held if kind == "Organization"),),
        sections=tuple(ContentSection(kind=kind, entries=urls) for kind, urls in listed.items() if urls),  # type: ignore[arg-type]
    )
    patient = next(url for url, kind in held if kind == "Patient")
    return composition.to_fhir(made, Writing({**urls, PATIENT: patient}, test_data=True))


def document() -> Json:
    """The same golden bundle as a document."""
    first = _claiming(contents(), "case-contents")
    bundle = _bundle(DOCUMENT)
    entries = [{"fullUrl": URN + first["id"], "resource": first}, *bundle["entry"]]
    number = {"system": CASE, "value": DOCUMENT}
    kept = {key: value for key, value in bundle.items() if key not in ("type", "entry")}
    labels = {"meta": {"security": bundle["meta"]["security"]}}
    return {**kept, **labels, "identifier": number, "type": "document", "timestamp": str(AT), "entry": entries}


def whole(case: str) -> Callable[[], Json]:
    """A golden bundle as it is."""
    return lambda: _bundle(case)


def _taken(name: str, profile: str, case: str, kind: str, *words: str) -> Example:
    return Example(name=name, profile=profile, made=golden(case, kind, *words))


ROLE = "CodeSystem/report-role"
EXAMPLES = (
    _taken("request", "request", "before-laryngectomy", "ServiceRequest"),
    _taken("request-by-payer", "request", "insurance-required", "ServiceRequest"),
    _taken("request-in-emergency", "request", "cord-compression", "ServiceRequest"),
    _taken("task", "task", "before-laryngectomy", "Task", "request-event"),
    Example(name="abort", profile="abort", made=abort),
    _taken("patient", "patient", "svc-syndrome", "Patient"),
    _taken("primary-cancer", "primary-cancer", "before-laryngectomy", "Condition"),
    _taken("secondary-cancer", "secondary-cancer", "cord-compression", "Condition", "secondary-cancer"),
    _taken("original-report", "original-report", "before-laryngectomy", "DiagnosticReport", ROLE, '"original"', "SP"),
    _taken("review-report", "review-report", "before-laryngectomy", "DiagnosticReport", ROLE, '"review"', "extends"),
    _taken("tumor-board-report", "review-report", "before-laryngectomy", "DiagnosticReport", "summaryOf"),
    _taken("concordance", "concordance", "before-laryngectomy", "Observation", "Diagnostic concordance"),
    _taken("consent-pcf", "consent-pcf", "authorization", "Consent"),
    _taken("directive-pcf", "consent-pcf", "patient-directive", "Consent"),
    Example(name="consent-fast", profile="consent-fast", made=fast_consent),
    Example(name="access-request", profile="access-request", made=access_request),
    Example(name="denial-review", profile="denial-review", made=denial_review),
    _taken("part", "material", "before-laryngectomy", "Specimen", "accessionIdentifier"),
    _taken("block", "material", "before-laryngectomy", "Specimen", "cassette"),
    _taken("slide", "material", "before-laryngectomy", "Specimen", '"Microscope slide'),
    _taken("custody", "custody", "before-laryngectomy", "Task", "Material shipped"),
    Example(name="specimen-release", profile="specimen-release", made=loan),
    Example(name="specimen-release-refused", profile="specimen-release", made=held_back),
    _taken("broken-slide", "custody", "before-laryngectomy", "Task", "Material broken"),
    _taken("imaging-study", "imaging-study", "before-laryngectomy", "ImagingStudy"),
    _taken("document", "document", "cord-compression", "DocumentReference"),
    Example(name="notice", profile="notice", made=notice),
    Example(name="disclosure", profile="disclosure", made=disclosure),
    _taken("release", "release", "before-laryngectomy", "Provenance", '"disclose"'),
    Example(name="case-contents", profile="case-contents", made=contents),
    Example(name="case-collection", profile="case-collection", made=whole("svc-syndrome")),
    Example(name="case-document", profile="case-document", made=document),
)


def _claiming(resource: Json, profile: str) -> Json:
    """The resource with this claim, unless it has its own (what comes out of a golden bundle has)."""
    return {**resource, "meta": {"profile": [structure(f"second-opinion-{profile}")], **resource["meta"]}}


def examples() -> Iterator[tuple[str, bytes]]:
    """File name and bytes of every example."""
    for each in EXAMPLES:
        made = _claiming(copy.deepcopy(each.made()), each.profile)
        named = {**made, "id": each.name}
        whole = {key: named[key] for key in (*ORDER, *(key for key in named if key not in ORDER))}
        yield f"{whole['resourceType']}-{each.name}.json", pretty(whole)


def main() -> None:
    """Write all examples anew and remove what is none any more."""
    wanted = dict(examples())
    FOLDER.mkdir(exist_ok=True)
    for left in FOLDER.glob("*.json"):
        if left.name not in wanted:
            left.unlink()
    for name, data in wanted.items():
        (FOLDER / name).write_bytes(data)


if __name__ == "__main__":
    main()
