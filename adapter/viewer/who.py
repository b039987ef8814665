"""The head of the page: whose case it is, who asks, who is asked, how urgent it is."""

from adapter.viewer.index import Index
from adapter.viewer.markup import Child, Html, el, fragment, items, joined, pairs, section
from adapter.viewer.say import addresses, concept, contacts, count, identifier, names, span, when
from adapter.viewer.words import (
    ACCREDITATIONS,
    DEGREES,
    DETAILS,
    EMERGENCIES,
    GENDERS,
    SCOPES,
    SIGNS,
    STATUSES,
    URGENCIES,
    word,
)
from mappings.domain.party import Accreditation, KnownAs, Organization, Patient, Practitioner, RelatedPerson, Role

CONCURRENT = "This review runs beside treatment. Treatment is not held back until the review is there."
"""An oncologic emergency: said where nobody can miss it."""
TEST = "Test data: this is no real person."


def head(index: Index) -> Html:
    """The header of the page: the title, the banners and the case at a glance."""
    patient = index.case.patient
    return el(
        "header",
        el("p", "Second opinion case ", el("code", index.case.id), class_="kicker"),
        el("h1", names(patient.names[:1])),
        el("p", _identity(patient), class_="identity"),
        el("p", el("strong", TEST), class_="banner test") if index.case.test_data else None,
        _emergency(index),
        _glance(index),
        class_="masthead",
    )


def _identity(patient: Patient) -> Html:
    born = when(patient.birth_date)
    number = patient.identifiers[0]
    return joined(
        " · ",
        fragment("born ", born) if born else "birth date not stated",
        word(GENDERS, patient.gender),
        identifier(number),
    )


def _emergency(index: Index) -> Html | None:
    request = index.case.request
    if request.emergency is None:
        return None
    named = f"Emergency: {EMERGENCIES[request.emergency]}."
    return el("p", el("strong", named), " ", CONCURRENT, class_="banner emergency", id="emergency")


def _glance(index: Index) -> Html:
    case = index.case
    window = case.request.turnaround
    required = sum(gap.level == "required" for gap in index.completeness.gaps)
    missing = el("a", count(required, "required item"), href="#missing") if required else "Nothing required"
    degrees = [f"{SIGNS[c.degree]} {DEGREES[c.degree]}" for c in case.concordances]
    rows: list[tuple[str, Child]] = [
        ("Urgency", URGENCIES[case.request.urgency]),
        ("Due", when(window.latest.isoformat()) if window else "No date: the start is not known to the day"),
        ("Scope", SCOPES[case.request.scope]),
        ("Status", _status(index)),
        ("Missing", missing),
        ("Comparison", el("a", "; ".join(dict.fromkeys(degrees)), href="#reports") if degrees else None),
    ]
    return pairs(rows, "glance") or fragment()


def _status(index: Index) -> str:
    request = index.case.request
    detail = word(DETAILS, request.events[-1].detail) if request.events else None
    return STATUSES[request.status] + (f", {detail}" if detail else "")


def who(index: Index) -> Html:
    """The patient, who asks and who is asked."""
    request = index.case.request
    cards = (
        el("div", el("h3", "Patient"), _patient(index.case.patient), class_="card"),
        el("div", el("h3", "Who asks"), _party(index, request.requester), class_="card"),
        el("div", el("h3", "Who is asked"), _party(index, request.performer), class_="card"),
    )
    return section("who", "Who", el("div", *cards, class_="cards"))


def _patient(patient: Patient) -> Html | None:
    deceased = when(patient.deceased_on) or ("Yes" if patient.deceased else "No")
    return pairs(
        [
            ("Name", names(patient.names)),
            ("Born", when(patient.birth_date) or "Not stated"),
            ("Sex", word(GENDERS, patient.gender)),
            ("Deceased", deceased if patient.deceased is not None or patient.deceased_on else None),
            ("Identifiers", items([identifier(i) for i in patient.identifiers])),
            ("Also known as", items([_known(k) for k in patient.known_as])),
            ("Language", patient.language),
            ("Contact", contacts(patient.contacts)),
            ("Address", addresses(patient.addresses)),
        ]
    )


def _known(known: KnownAs) -> Html:
    born = when(known.birth_date)
    numbers = joined(", ", *(identifier(i) for i in known.identifiers))
    return joined(" · ", names(known.names), numbers, fragment("born ", born) if born else None)


def _party(index: Index, name: str) -> Html | None:
    role = index.get(name, Role)
    person = index.get(role.practitioner if role else name, Practitioner) or index.get(name, RelatedPerson)
    organization = index.get(role.organization if role else name, Organization)
    if not (person or organization):
        return el("p", index.party(name))
    numbers = person.identifiers if isinstance(person, Practitioner) else ()
    reach = (*(role.contacts if role else ()), *(person.contacts if person else ()))
    return pairs(
        [
            ("Name", names(person.names) if person else None),
            ("Specialty", concept(role.specialty) if role else None),
            ("Identifiers", items([identifier(i) for i in numbers])),
            ("Contact", contacts(reach)),
            ("Address", addresses(person.addresses) if person else None),
            *(organization_rows(organization) if organization else ()),
        ]
    )


def organization_rows(organization: Organization) -> list[tuple[str, Child]]:
    """What is known of an organization."""
    return [
        ("Organization", organization.name),
        ("Accredited", items([_accredited(a) for a in organization.accreditations])),
        ("Its identifiers", items([identifier(i) for i in organization.identifiers])),
        ("Its contact", contacts(organization.contacts)),
        ("Its address", addresses(organization.addresses)),
    ]


def _accredited(accreditation: Accreditation) -> Html:
    return joined(", ", ACCREDITATIONS[accreditation.body], accreditation.number, span(accreditation.period))
