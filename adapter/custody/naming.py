"""What a person means who names a slide or block: its local name, or the label that is printed on it."""

from adapter.custody.releases import things
from mappings.domain.case import Case
from mappings.problems import refuse
from mappings.terminology.labels import Label, readings

RULE = "custody.item"
WHERE = "--item"


def item_of(text: str, case: Case, scheme: str = "") -> str:
    """The local name of the part, block or slide that is meant.

    A local name counts first, then a label as it is recorded, then one that says the same in another form
    (`S26-1234 A1-2` for `S26-1234-A1-2`), where both can be read in one way.

    Raises:
        ProblemError: `not-found`, or `multiple-matches` where a label is that of several things. The text is not told.
    """
    held = things(case)
    if text in held or any(text in event.items for event in case.custody):
        return text
    labels = {name: [n.value for n in thing.identifiers if n.kind != "ACSN"] for name, thing in held.items()}
    found = [name for name, values in labels.items() if text in values]
    if not found:
        meant = _only(text, scheme)
        found = [n for n, values in labels.items() if meant and meant in [_only(value, scheme) for value in values]]
    if not found:
        raise refuse("not-found", WHERE, "names no part, block or slide of the case, and is no label of one", rule=RULE)
    if len(found) > 1:
        message = "is the label of more than one thing: use the local name"
        raise refuse("multiple-matches", WHERE, message, rule=RULE)
    return found[0]


def _only(text: str, scheme: str) -> Label | None:
    found = readings(text, scheme or None)
    return next(iter(found)) if len(found) == 1 else None
