"""The policy of custody as lines of a table, for people."""

import datetime as dt
from pathlib import Path

from adapter.custody.policy import packaged, policy_for
from mappings.terminology.labels import schemes


def policy_lines(day: dt.date, own: Path | None = None) -> list[dict[str, str]]:
    """One line for every duty to keep an original, then one for every switch of the terms of release."""
    policy = policy_for(day, own)
    kept = [
        {
            "rule": row.id,
            "value": f"{row.material}: {row.keep} from the {row.start}",
            "since": row.effective_from.isoformat(),
            "paragraph": row.citation,
            "means": f"{row.regime}{', seen in a text' if row.mark == 'S' else ', from memory' if row.mark else ''}",
            "turned": "",
        }
        for row in policy.retention
    ]
    terms = [
        {
            "rule": name,
            "value": _value(getattr(policy.terms, name)),
            "since": policy.terms.effective_from.isoformat(),
            "paragraph": "the laboratory's policy",
            "means": said["means"],
            "turned": said["other"],
        }
        for name, said in packaged()["switches"].items()
    ]
    return [*kept, *terms]


def scheme_lines() -> list[dict[str, str]]:
    """One line for every scheme of labels."""
    return [{"scheme": s.name, "form": s.form, "example": s.example, "what": s.about} for s in schemes()]


def _value(value: bool | str) -> str:
    return str(value).lower() if isinstance(value, bool) else value
