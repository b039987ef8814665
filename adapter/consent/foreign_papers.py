"""Whether a Consent that somebody else wrote can be the paper behind a release: signed, dated, verified, on file."""

from adapter.consent.foreign import objects
from adapter.consent.foreign_parties import Question, codings, number_of, party_of
from adapter.consent.foreign_time import begun, edges
from mappings.fhir.wire import Json
from mappings.terminology.tables import table


def lacks(consent: Json, asked: Question, paper: str | None = None) -> tuple[str, ...]:
    """What a Consent lacks to be the paper behind a release, whatever it permits: rules, in the order of the table."""
    tests = (
        ("category.other-paper", paper is not None and not _is_paper(consent, paper)),
        ("source.missing", asked.readings.consent_needs_signed_paper and not _has_source(consent)),
        ("signer.missing", not _is_signed(consent, asked)),
        ("date.missing", not _is_dated(consent, asked)),
        ("verification.false", asked.readings.consent_unverified_carries_nothing and not _is_verified(consent)),
    )
    return tuple(rule for rule, holds in tests if holds)


def _is_paper(consent: Json, paper: str) -> bool:
    wanted = {(coding.system, coding.code) for coding in table("consent-category").codings_or_none(paper)}
    told = [coding for one in objects(consent.get("category")) for coding in codings(one)]
    return bool(wanted & {(system or "", code or "") for system, code in told})


def _has_source(consent: Json) -> bool:
    reference, attachment = consent.get("sourceReference"), consent.get("sourceAttachment")
    if isinstance(reference, dict):
        return isinstance(reference.get("reference"), str) or number_of(reference.get("identifier")) is not None
    return isinstance(attachment, dict) and any(isinstance(attachment.get(name), str) for name in ("data", "url"))


def _is_signed(consent: Json, asked: Question) -> bool:
    performers = [party_of(one, asked) for one in objects(consent.get("performer"))]
    return bool(performers) and all(party is not None and (party.patient or party.signs) for party in performers)


def _is_dated(consent: Json, asked: Question) -> bool:
    told = edges(consent.get("dateTime"), asked.zone)
    return told is not None and begun(told[0], asked.now) is True


def _is_verified(consent: Json) -> bool:
    held = consent.get("verification", [])
    return isinstance(held, list) and all(isinstance(one, dict) and one.get("verified") is True for one in held)
