"""The tables of the ledger. Rows are only ever added; every one has its number in the chain and its hash.

Values are texts and whole numbers, the same on every database; a column of JSON holds its text as it was hashed.
"""

import sqlalchemy as sa

VERSION = 2
"""Of the schema. 1 had decision, release and disclosure without a chain."""

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
)
"""`content_sha256` is of what was to go on it; none where nothing did."""
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
)
"""The columns of 45 CFR 164.528(b)(2), and whether the accounting wants the line."""
NOTICES = _chained(
    "notice",
    _text("request_id", sa.ForeignKey("request.id"), index=True),
    _text("kind"),
    _text("sent_at"),
    _text("recipient", required=False),
    _text("document_sha256", required=False),
    _text("promised_on", required=False),
)
"""What the requester was told; `kind` is a word of mappings.domain.access.Notice."""
TAKEOVERS = _chained(
    "takeover", _text("taken_over_at"), sa.Column("version", sa.Integer, nullable=False),
    sa.Column("rows", sa.BigInteger, nullable=False),
)  # fmt: skip
"""That the rows with the next numbers come from an earlier schema: the chain shows changes from here on only."""

CHAINED = (REQUESTS, SUBJECTS, DECISIONS, RELEASES, DISCLOSURES, NOTICES, TAKEOVERS)
JSON_COLUMNS = frozenset(("reasons", "excluded", "basis", "audit_event"))
