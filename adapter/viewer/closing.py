"""What closes the page: what is missing, by what authority this is here, the people, the files, the versions."""

import json
from importlib.metadata import PackageNotFoundError, version
from importlib.resources import files

from adapter.consent.release import Citation
from adapter.viewer.index import Index
from adapter.viewer.markup import Child, Html, el, fragment, items, joined, pairs, section, table
from adapter.viewer.purpose import insurance
from adapter.viewer.say import addresses, contacts, count, identifier, names, when
from adapter.viewer.who import organization_rows
from adapter.viewer.words import LEVELS, NEED_STATES, ORGANIZATIONS, PATHWAYS, RELATIONSHIPS, SCOPES, plain, word
from mappings.completeness.assess import Requirement
from mappings.domain.party import Practitioner


def missing(index: Index) -> Html:
    """What the scope needs and this bundle does not hold."""
    found = index.completeness
    scope = SCOPES[found.scope].lower()
    if not found.gaps:
        said: Html | None = el("p", f"Nothing that a {scope} review needs is missing.")
    else:
        said = fragment(
            el("p", f"A {scope} review needs these, and this bundle does not hold them:"),
            items([_gap(index, gap) for gap in found.gaps], "gaps"),
        )
    rows: list[list[Child]] = [
        [_need(index, one), LEVELS[one.level], NEED_STATES[one.state], one.detail] for one in found.requirements
    ]
    heads = ["Need", "Level", "State", "What there is"]
    return section("missing", "What is missing", said, table("Everything such a review needs", heads, rows, "needs"))


def need_of(found: Requirement) -> str:
    """What a need is called, with the part, labels or study it is about."""
    return f"{found.label} ({found.about})" if found.about else found.label


def _need(index: Index, found: Requirement) -> str:
    """The same, where the thing it is about has a name for people."""
    named = found.item is not None and f" {found.item}" in (found.about or "")
    return f"{found.label} ({index.title(found.item)})" if found.item and named else need_of(found)


def _gap(index: Index, gap: Requirement) -> Html:
    sign = "!" if gap.level == "required" else "○"
    mark = el("span", el("span", sign, aria_hidden="true"), " ", LEVELS[gap.level], class_=f"level {gap.level}")
    return fragment(mark, " ", _need(index, gap), f": {gap.detail}" if gap.about else None)


def authority(index: Index) -> Html:
    """Under which authority this is with its reader."""
    access = index.case.access
    rows: list[tuple[str, Child]] = [
        ("Released", when(index.release.decided_at)),
        ("Held by", index.party(index.case.holder)),
        ("Released to", index.party(access.recipient_party) if access else None),
        ("Pathway", word(PATHWAYS, access.pathway) if access else None),
        ("Purpose", plain(access.purpose) if access else None),
        ("Asked by", plain(access.requester) if access else None),
        ("Asked on", when(access.received_at) if access else None),
        ("Contents", contents(index)),
    ]
    grounds = [_ground(citation) for citation in index.release.basis]
    return section("authority", "What was released, and by what authority", pairs(rows, "facts wide"), *grounds)


def contents(index: Index) -> Html:
    """What the release holds, in numbers."""
    release, case = index.release, index.case
    told = [
        count(len(case.reports), "report"),
        count(len(release.documents), "document file"),
        count(len(case.studies), "imaging study", "imaging studies"),
        count(len(release.instances), "DICOM file"),
        count(len(release.carried), "record as received", "records as received"),
    ]
    return joined(", ", *told)


def _ground(citation: Citation) -> Html:
    # The address is text: nothing on this page leads out of the bundle, and nothing is fetched.
    cited = el("p", el("cite", citation.citation), " ", el("span", citation.uri, class_="uri"))
    return el("div", el("p", citation.sentence), cited, class_="ground")


def people(index: Index) -> Html | None:
    """Everybody who is named in the case."""
    case = index.case
    rows: list[list[Child]] = [
        [names(p.names), _roles(index, p.id), _numbers(p), _reach(p)] for p in case.practitioners
    ]
    for person in case.related_persons:
        reach = joined("; ", contacts(person.contacts), addresses(person.addresses))
        rows.append([names(person.names), RELATIONSHIPS[person.relationship], "–", reach or "–"])
    persons = table("People", ["Name", "Role", "Identifiers", "Contact"], rows, "people")
    places = [
        el("div", el("h3", o.name), pairs([("Kind", ORGANIZATIONS[o.kind]), *organization_rows(o)[1:]]), class_="card")
        for o in case.organizations
    ]
    insured = items([insurance(index, coverage) for coverage in case.coverages])
    return section(
        "people",
        "People and organizations",
        persons,
        el("div", *places, class_="cards"),
        fragment(el("h3", "Insurance"), insured) if insured else None,
    )


def _roles(index: Index, practitioner: str) -> Html:
    found = [role for role in index.case.roles if role.practitioner == practitioner]
    told = [
        joined(", ", role.specialty.label if role.specialty else None, index.party(role.organization)) for role in found
    ]
    return joined("; ", *told) or fragment("–")


def _numbers(practitioner: Practitioner) -> Html:
    return joined("; ", *(identifier(i) for i in practitioner.identifiers)) or fragment("–")


def _reach(practitioner: Practitioner) -> Html:
    told = joined("; ", contacts(practitioner.contacts), addresses(practitioner.addresses))
    return told or fragment("–")


def bundle(index: Index) -> Html:
    """The files beside this page, how to open the images, the versions."""
    rows: list[list[Child]] = [
        [_file("case.json"), "The case in the adapter’s own format"],
        [_file("bundle.json"), "The case as FHIR R4 (4.0.1)"],
        [_file("manifest.json"), "Every file of this bundle with its SHA-256; what the sender’s seal covers"],
        [_file("README.txt"), "How this bundle is laid out"],
    ]
    if index.release.documents:
        rows.append([el("code", "documents/"), count(len(index.release.documents), "document file")])
    if index.release.instances:
        rows.append([_file("DICOMDIR"), "The index of the images: open this one in a DICOM viewer"])
        rows.append([el("code", "DICOM/"), count(len(index.release.instances), "DICOM file")])
    return section(
        "bundle",
        "This bundle",
        table("Files beside this page", ["File", "What it is"], rows, "files"),
        _opening(index),
        el("h3", "Versions"),
        pairs(versions(), "facts wide"),
    )


def _file(name: str) -> Html:
    return el("a", el("code", name), href=name)


def _opening(index: Index) -> Html | None:
    if not index.release.instances:
        return None
    steps = (
        "Copy the whole bundle, or leave it on its medium.",
        "In your DICOM viewer choose Open, Import or Open media, and pick DICOMDIR (or the folder that holds it).",
        "The viewer lists patient, studies and series; the files below DICOM/ are read through that index.",
        "Whole-slide images (slide microscopy) need a viewer that reads DICOM VL Whole Slide Microscopy.",
    )
    return fragment(el("h3", "Opening the images"), el("ol", *(el("li", step) for step in steps)))


def versions() -> list[tuple[str, Child]]:
    """What made this page; an adapter run from its sources has no version of its own."""
    try:
        adapter = version("second-opinion-adapter")
    except PackageNotFoundError:
        adapter = "unreleased (run from its sources)"
    package = files("profiles").joinpath("package.json")
    profiles = json.loads(package.read_text(encoding="utf-8"))["version"] if package.is_file() else None
    return [
        ("Adapter", adapter),
        ("FHIR", "R4 (4.0.1)"),
        ("Profiles", profiles),
        ("Case format", "second-opinion-case/1"),
    ]
