"""The papers of a request for the holder: those a recipient gets too, and those that stay (45 CFR 164.508(b)(3)(ii)).

An authorization for psychotherapy notes, a consent for counseling notes and one for proceedings (42 CFR 2.31(b), (d))
stand apart: each is a Consent of its own, written like the paper it is one of.
"""

from collections.abc import Mapping
from typing import Any

import msgspec

from adapter.consent.law import kinds_of
from adapter.consent.reasons import grounds
from adapter.workflow.matter import At
from mappings.domain.access import Access
from mappings.fhir import consent

APART = {
    "psychotherapy_authorization": "authorization",
    "counseling_notes_consent": "part2_consent",
    "proceedings_consent": "part2_consent",
}
"""Paper that stands apart -> the paper it is written like."""
AUTHORIZATION = frozenset(
    ("AUTHORIZATION_DISCLOSURE", "AUTHORIZATION_MISSING", "AUTHORIZATION_SCOPE_EXCEEDED",
     "PSYCHOTHERAPY_AUTHORIZATION_MISSING", "SALE_OR_MARKETING_AUTHORIZATION", "AUTH_EXPIRED", "AUTH_INCOMPLETE",
     "AUTH_REVOKED", "AUTH_COMPOUND", "AUTH_CONDITIONED", "AUTH_NO_EXPIRY", "AUTH_NO_SIGNATURE", "AUTH_NO_STATEMENTS")
)  # fmt: skip
PART2 = frozenset(
    ("PART2_CONSENT_MISSING", "PART2_CONSENT_DEFECTIVE", "PART2_CONSENT_OK", "PART2_NOTICE_REQUIRED",
     "PART2_CONSENT_COPY", "PART2_COUNSELING_NOTES", "PART2_PROCEEDINGS_BAR")
)  # fmt: skip
DIRECTIVE = frozenset(
    ("THIRD_PARTY_DIRECTIVE", "DIRECTIVE_NOT_WRITTEN", "DIRECTIVE_NOT_SIGNED", "DIRECTIVE_RECIPIENT_UNCLEAR",
     "DIRECTIVE_OUTSIDE_EHR")
)  # fmt: skip
CODES = {"directive": DIRECTIVE, "authorization": AUTHORIZATION, "part2_consent": PART2}
"""Paper -> the reasons that are about such papers."""
KINDS = {"psychotherapy_authorization": "psychotherapy_notes", "counseling_notes_consent": "sud_counseling_notes"}
"""Paper that stands apart -> the kind of item that it alone is about."""


class Paper(msgspec.Struct, frozen=True, kw_only=True):
    """One paper: the local name of its Consent, its field, and the access to write it from, as the paper `like`."""

    name: str
    field: str
    like: str
    access: Access

    @property
    def document(self) -> str | None:
        """The local name of the signed paper itself."""
        found: str | None = getattr(getattr(self.access, self.like), "document", None)
        return found


def papers(access: Access) -> tuple[Paper, ...]:
    """Every paper of the request."""
    found = [Paper(name=name, field=field, like=field, access=access) for name, field in consent.papers(access)]
    none = dict.fromkeys((*consent.PAPERS, *APART))
    for field, like in APART.items():
        held = getattr(access, field)
        if held is not None:
            alone = msgspec.structs.replace(access, id=f"{access.id}-{field}", **(none | {like: held}))
            [(name, _)] = consent.papers(alone)
            found.append(Paper(name=name, field=field, like=like, access=alone))
    return tuple(found)


def concerns(at: At, paper: Paper, reason: Mapping[str, Any]) -> bool:
    """Whether a reason rests on this paper: it is about such a paper, and about an item that this one is for.

    What lets notes go, on whatever basis, rests on the paper of their own (45 CFR 164.508(a)(2), 42 CFR 2.31(b)).
    """
    code, such = reason["code"], reason["code"] in CODES[paper.like]
    kinds = {item.id: kinds_of(item) for item in at.checked.facts.materials}.get(str(reason["item"]), frozenset())
    if paper.field == "proceedings_consent":
        return such and at.access.purpose == "legal_proceedings"
    if paper.field in KINDS:
        return KINDS[paper.field] in kinds and (such or (code in grounds() and grounds()[code].role == "basis"))
    apart = {KINDS[field] for field in KINDS if APART[field] == paper.field and getattr(at.access, field) is not None}
    return such and not apart & kinds
