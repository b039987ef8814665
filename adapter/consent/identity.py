"""Who asks, and by what authority (45 CFR 164.514(h)(1)(i)); verified before anything leaves."""

from collections.abc import Iterator

from adapter.consent.rules import OUTGOING, Finding, Matter, hold, request_rule


@request_rule(
    "identity.verified",
    "45 CFR 164.514(h)(1)(i)",
    "The identity of whoever asks is verified; else the request pends.",
    bases=OUTGOING | {"amendment", "accounting"},
)
def identity(matter: Matter) -> Iterator[Finding]:
    if matter.facts.identity_verified is not True:
        yield hold("IDENTITY_NOT_VERIFIED")


@request_rule(
    "identity.authority",
    "45 CFR 164.514(h)(1)(i)",
    "Whoever is not the patient asking for the own record shows authority; else the request pends.",
    bases=OUTGOING | {"amendment", "accounting"},
)
def authority(matter: Matter) -> Iterator[Finding]:
    own = matter.facts.requester == "patient" and matter.facts.pathway != "disclosure"
    if not own and matter.facts.authority_verified is not True:
        yield hold("AUTHORITY_NOT_VERIFIED")


RULES = (identity, authority)
