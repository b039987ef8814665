"""The tables of the ledger. Rows are only ever added; every one has its number in the chain and its hash.

Values are texts and whole numbers, the same on every database; a column of JSON holds its text as it was hashed.
"""

import sqlalchemy as sa

VERSION = 5
"""Of the schema. 1 had decision, release and disclosure without a chain; 2 did not say which policy decided; 3 had no
`known_recipient` and no `research`; 4 no `shipment`."""

METADATA = sa.MetaData()

VERSIONS = sa.Table("ledger_version", METADATA, sa.Column("version", sa.Integer, primary_key=True, autoincrement=False))
HEAD = sa.Table(
    "chain_head",
    METADATA,
    sa.Column("only", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("number", sa.BigInteger, nullable=False),
    sa.Column("hash", sa.String(64), nullable=False),
)
"""One row: the last number and hash. Who writes locks it first, so that there is one writer at a time."""


def _chained(name: str, *columns: sa.Column[str] | sa.Column[int]) -> sa.Table:
    return sa.Table(
        name,
        METADATA,
        sa.Column("id", sa.String(36), primary_key=True),
        *columns,
        sa.Column("number", sa.BigInteger, nullable=False, unique=True),
        sa.Column("hash", sa.String(64), nullable=False),
    )


def _text(name: str, *more: sa.ForeignKey, required: bool = True, index: bool = False) -> sa.Column[str]:
    return sa.Column(name, sa.Text if not more else sa.String(36), *more, nullable=not required, index=index)


REQUESTS = _chained(
    "request",
    _text("matter_id", index=True),
    _text("case_id"),
    _text("recorded_at"),
    _text("pathway", required=False),
    _text("requester", required=False),
    _text("purpose", required=False),
    _text("received_at", required=False),
    _text("holder_tz", required=False),
)
"""What is asked of the holder. One that is told otherwise later is another row of the same matter (case and person)."""
SUBJECTS = _chained(
    "subject",
    _text("request_id", sa.ForeignKey("request.id"), index=True),
    _text("system"),
    _text("value", index=True),
    _text("person_sha256"),
)
"""Under which numbers the patient of a request is known; the digest is of name and birth date."""
DECISIONS = _chained(
    "decision",
    _text("request_id", sa.ForeignKey("request.id"), required=False, index=True),
    _text("case_id"),
    _text("action", required=False),
    _text("decided_at"),
    _text("outcome"),
    _text("deadline", required=False),
    _text("facts_sha256"),
    _text("content_sha256", required=False),
    _text("reasons"),
    _text("excluded"),
    _text("policy_from", required=False),
    _text("policy_sha256", required=False),
)
"""`content_sha256` is of what was to go on it; none where nothing did. The policy is absent in rows of schema 2.

`facts_sha256` leaves out the time of the decision (`decided_at`), so that it tells whether the facts are the same.
"""
POLICIES = _chained("policy", _text("effective_from"), _text("sha256"), _text("switches"))
"""Each policy under which something was decided, with the switches as the deployment had turned them."""
RELEASES = _chained(
    "release",
    _text("decision_id", sa.ForeignKey("decision.id"), index=True),
    sa.Column("content_sha256", sa.String(64), nullable=False, unique=True),
    _text("decided_at"),
    _text("basis"),
    _text("audit_event"),
    _text("state_before", required=False),
)
"""Whether it is delivered is told by its disclosures; `state_before` is what schema 1 said of it."""
DISCLOSURES = _chained(
    "disclosure",
    _text("release_id", sa.ForeignKey("release.id"), index=True),
    _text("disclosed_at"),
    _text("recipient"),
    _text("recipient_address", required=False),
    _text("description"),
    _text("purpose"),
    _text("request_paper", required=False),
    _text("accounting"),
    _text("manifest_sha256"),
    _text("exemption", required=False),
)
"""The columns of 45 CFR 164.528(b)(2), and whether the accounting wants the line.

`accounting` is `required`, `exempt` (then `exemption` cites why, 164.528(a)(1)), or `part2`: exempt there, and listed
under 42 CFR 2.25.
"""
SHIPMENTS = _chained(
    "shipment",
    _text("release_id", sa.ForeignKey("release.id"), index=True),
    _text("disclosure_id", sa.ForeignKey("disclosure.id"), required=False),
    _text("transfer_sha256", index=True),
    _text("recorded_at"),
    _text("instances"),
)
"""Images to an archive, as [[SOP Instance UID, sha256], ...]: those about to go, before the first of them is sent (no
`disclosure_id`), and those that a line is about. `transfer_sha256` tells which case to which archive: only its digest.
"""
REPORTED = _chained(
    "reported_disclosure",
    _text("system"),
    _text("value", index=True),
    _text("reported_at"),
    _text("disclosed_at"),
    _text("recipient"),
    _text("recipient_address", required=False),
    _text("description"),
    _text("purpose"),
    _text("basis"),
    _text("made_by", required=False),
    _text("request_paper", required=False),
)
"""Disclosures made otherwise, by a business associate or by hand: they belong on the accounting (164.528(b)(1))."""
SUSPENSIONS = _chained(
    "suspension",
    _text("system"),
    _text("value", index=True),
    _text("recorded_at"),
    _text("agency"),
    _text("agency_address", required=False),
    _text("official"),
    _text("form"),
    _text("stated_on"),
    _text("until"),
    _text("document_sha256", required=False),
)
"""Statements of an agency or official that suspend the accounting of what went to them (164.528(a)(2))."""
RECIPIENTS = _chained(
    "known_recipient",
    _text("disclosure_id", index=True),
    _text("suspension_id"),
    _text("agency"),
    _text("same"),
    _text("recorded_at"),
)
"""Whether (`same`: yes or no) who got a disclosure is the agency of a suspension; what was said last governs."""
RESEARCH = _chained(
    "research",
    _text("recorded_at"),
    _text("name"),
    _text("purpose"),
    _text("criteria"),
    _text("information"),
    _text("days"),
    _text("last_on"),
    sa.Column("individuals", sa.BigInteger, nullable=False),
    _text("sponsor"),
    _text("sponsor_address"),
    _text("sponsor_phone"),
    _text("researcher"),
    _text("researcher_address"),
    _text("researcher_phone"),
)
"""Disclosures for research (164.512(i)) that the accounting of anybody lists by protocol (164.528(b)(4)).

`days` are ISO dates parted by commas; on all of them together records of `individuals` different people went.
"""
NOTICES = _chained(
    "notice",
    _text("request_id", sa.ForeignKey("request.id"), index=True),
    _text("kind"),
    _text("sent_at"),
    _text("recipient", required=False),
    _text("document_sha256", required=False),
    _text("promised_on", required=False),
    _text("reasons", required=False),
)
"""What the requester was told; `kind` is a word of mappings.domain.access.Notice, `reasons` those of an extension."""
TAKEOVERS = _chained(
    "takeover", _text("taken_over_at"), sa.Column("version", sa.Integer, nullable=False),
    sa.Column("rows", sa.BigInteger, nullable=False),
)  # fmt: skip
"""That the rows with the next numbers come from an earlier schema: the chain shows changes from here on only."""

CHECKPOINTS = _chained(
    "checkpoint",
    _text("archived_at"),
    sa.Column("rows", sa.BigInteger, nullable=False),
    _text("rows_sha256"),
    _text("archive_sha256"),
)
"""That rows past their term went to an archive: the digests of their hashes, and of the archive."""
ARCHIVED = sa.Table(
    "archived",
    METADATA,
    sa.Column("number", sa.BigInteger, primary_key=True, autoincrement=False),
    sa.Column("hash", sa.String(64), nullable=False),
    sa.Column("checkpoint_id", sa.String(36), sa.ForeignKey("checkpoint.id"), nullable=False),
)
"""The place in the chain of each row that is in an archive: the chain goes on over it."""

CHAINED = (
    REQUESTS, SUBJECTS, POLICIES, DECISIONS, RELEASES, DISCLOSURES, SHIPMENTS, REPORTED, SUSPENSIONS, RECIPIENTS,
    RESEARCH, NOTICES, TAKEOVERS, CHECKPOINTS,
)  # fmt: skip
JSON_COLUMNS = frozenset(("reasons", "excluded", "basis", "audit_event", "switches", "instances"))
"""Columns of JSON; the `reasons` of a notice and the `basis` of a reported disclosure are plain text."""
PLAIN = frozenset((NOTICES.name, REPORTED.name))
"""Tables that have no column of JSON."""
