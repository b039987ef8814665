"""Who writes, and to whom: what the law wants said is said to the patient, or to who stands in for them, alone."""

from adapter.consent.case_papers import party_name
from adapter.letters.model import Kind, Party
from adapter.letters.occasion import Lack, Occasion
from adapter.letters.texts import line
from mappings.domain.party import PATIENT, Organization, Patient, Practitioner, RelatedPerson, Role
from mappings.domain.values import Address

TO_REQUESTER: tuple[Kind, ...] = ("acknowledgement", "request-for-information")
"""Letters that whoever asks may get: they tell of no item. `part2-statement` goes to the recipient."""
AGENCY = "agency"
"""Local name of an agency that is no party of the case."""
_ACCESS = "case.json $.access"


def addressee(occasion: Occasion, kind: Kind, lack: Lack) -> Party | None:
    """To whom a letter of this kind goes."""
    access = occasion.case.access
    if kind == "accounting-suspension":
        told = occasion.suspension
        lines = (line(told.address),) if told and told.address else ()
        return Party(id=AGENCY, name=line(told.agency), lines=lines) if told else None
    if occasion.right is not None:
        return _party(occasion, occasion.right.requested_by, lack)
    if kind == "part2-statement":
        return _party(occasion, access.recipient_party if access else None, lack)
    if kind == "consent-request" or (kind == "accounting" and not occasion.by_individual):
        return _party(occasion, PATIENT, lack)
    if kind not in TO_REQUESTER and not occasion.by_individual:
        message = "goes to the patient or a representative alone, and somebody else asks here; nobody is owed it"
        lack.add(f"{_ACCESS}.requester", message, "45 CFR 164.524(a)(1)")
        return None
    asks = _who_asks(occasion, lack)
    return _party(occasion, asks, lack) if asks else None


def _who_asks(occasion: Occasion, lack: Lack) -> str | None:
    """The local name of the requester; one that contradicts the word for who asks is nobody to write to."""
    access, case = occasion.case.access, occasion.case
    named = access.requested_by if access else None
    if occasion.facts.requester == "patient":
        if named in (None, PATIENT):
            return PATIENT
    elif named is not None:
        acts = any(person.id == named for person in case.related_persons)
        if acts == occasion.by_individual and named != PATIENT:
            return named
    message = "does not say who asks, in agreement with `requester`: name the patient, the representative or the party"
    lack.add(f"{_ACCESS}.requested_by", message, "45 CFR 164.514(h)(1)(i)")
    return None


def _party(occasion: Occasion, name: str | None, lack: Lack) -> Party | None:
    case = occasion.case
    label = lack.need(
        party_name(case, name) if name else None,
        f"{_ACCESS}.recipient_party",
        "does not lead to a name; a letter needs somebody to be sent to",
        "45 CFR 164.524(d)(2)",
    )
    if name is None or label is None:
        return None
    found = case.patient if name == PATIENT else next((item for item in case.items() if item.id == name), None)
    return Party(id=name, name=line(label), lines=_lines(occasion, found))


def holder(occasion: Occasion) -> Party:
    """The holder, as the sender."""
    found = next(o for o in occasion.case.organizations if o.id == occasion.case.holder)
    lines = tuple(map(line, occasion.office.address)) or _lines(occasion, found)
    return Party(id=found.id, name=line(found.name), lines=lines)


def _lines(occasion: Occasion, found: object) -> tuple[str, ...]:
    if isinstance(found, Role):
        home = next((o for o in occasion.case.organizations if o.id == found.organization), None)
        return (line(home.name), *_lines(occasion, home)) if home else ()
    if not isinstance(found, (Patient, RelatedPerson, Organization, Practitioner)) or not found.addresses:
        return ()
    usable = [address for address in found.addresses if address.use != "old"] or list(found.addresses)
    return _written(usable[0])


def _written(address: Address) -> tuple[str, ...]:
    place = " ".join(part for part in (address.state, address.postal_code) if part)
    town = ", ".join(part for part in (address.city, place) if part)
    return tuple(line(part) for part in (*address.lines, town, address.country) if part and part != "US")
