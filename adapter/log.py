"""Logging as JSON lines on stderr, with an allowlist: what is not listed here cannot be logged.

Nothing about a patient is among the fields: counts, codes, durations, hashed keys, names of commands.
"""

import hashlib
import json
import logging
import sys

FIELDS = frozenset(("command", "outcome", "count", "code", "rule", "duration_ms", "key", "version", "units", "bytes"))
_LOGGER = logging.getLogger("second_opinion")


class _JsonLines(logging.Formatter):
    def format(self, record: logging.LogRecord) -> str:
        fields = {name: getattr(record, name) for name in sorted(FIELDS) if hasattr(record, name)}
        return json.dumps({"level": record.levelname.lower(), "event": record.msg, **fields}, ensure_ascii=False)


def start(level: str = "WARNING") -> None:
    """Send the adapter's log to stderr as JSON lines."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(_JsonLines())
    _LOGGER.handlers = [handler]
    _LOGGER.setLevel(level)
    _LOGGER.propagate = False


def event(name: str, **fields: object) -> None:
    """Log one event.

    Raises:
        ValueError: a field is not on the allowlist, or a text in it is longer than a code can be.
    """
    unknown = set(fields) - FIELDS
    if unknown or any(isinstance(value, str) and len(value) > 80 for value in fields.values()):
        raise ValueError("only listed fields with short values may be logged")
    _LOGGER.info(name, extra=dict(fields))


def key(value: str) -> str:
    """A hashed key for a value that must not be logged (a case id, a path)."""
    return hashlib.sha256(value.encode()).hexdigest()[:16]
