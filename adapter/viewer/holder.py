"""The holder's page: what the reviewer needs, where it is, and what the recipient will find of it.

It names what is withheld and stays with the holder; it is no part of a bundle (`page.py` does not know it).
"""

from importlib.resources import files

from adapter.completeness import Forecast, Foretold
from adapter.viewer.closing import need_of
from adapter.viewer.markup import Child, Html, el, section, table
from adapter.viewer.page import policy
from adapter.viewer.who import TEST
from adapter.viewer.words import LEVELS, NEED_STATES, REASONS, SCOPES
from mappings.completeness.assess import Completeness

STAYS = "For the holder of the record only: this page tells what is withheld. It is no part of what is sent."


def render(case: str, found: Completeness, forecast: Forecast | None, *, test_data: bool = False) -> bytes:
    """The page (UTF-8) of a case's completeness; `forecast` is None where the gate does not permit an export."""
    style = Html(files("adapter.viewer").joinpath("style.css").read_text(encoding="utf-8"))
    head = el(
        "head",
        el("meta", charset="utf-8"),
        el("meta", http_equiv="Content-Security-Policy", content=policy(style)),
        el("title", f"What the reviewer needs: case {case}"),
        el("meta", name="viewport", content="width=device-width, initial-scale=1"),
        el("meta", name="referrer", content="no-referrer"),
        el("meta", name="robots", content="noindex, nofollow"),
        el("style", style),
    )
    top = el(
        "header",
        el("p", "Second opinion case ", el("code", case), class_="kicker"),
        el("h1", "What the reviewer needs"),
        el("p", f"{SCOPES[found.scope]}; {', '.join(REASONS[reason].lower() for reason in found.reasons)}"),
        el("p", el("strong", STAYS), class_="banner"),
        el("p", el("strong", TEST), class_="banner test") if test_data else None,
        class_="masthead",
    )
    body = el("body", top, el("main", _needs(found, forecast), id="case", tabindex="-1"))
    return f"<!DOCTYPE html>\n{el('html', head, body, lang='en')}".encode()


def _needs(found: Completeness, forecast: Forecast | None) -> Html:
    theirs = {told.requirement.key: told for told in forecast.needs} if forecast else {}
    rows: list[list[Child]] = []
    for one in found.requirements:
        told = theirs.get(one.key)
        recipient: list[Child] = [for_recipient(told)] if forecast else []
        rows.append([need_of(one), LEVELS[one.level], NEED_STATES[one.state], *recipient, one.detail])
    heads = ["Need", "Level", "State", *(["For the recipient"] if forecast else []), "What there is"]
    said = None if forecast else el("p", "Nothing may leave as the case stands, so nothing is said of the recipient.")
    required = sum(gap.level == "required" for gap in found.gaps)
    missing = f"{required} required, {len(found.gaps) - required} recommended are missing or cannot be read."
    return section(
        "missing", "Completeness", el("p", missing), said, table("Everything such a review needs", heads, rows, "needs")
    )


def for_recipient(told: Foretold | None) -> str:
    """How the recipient will find a need, and whether withholding makes it so."""
    stays = " (withheld)" if told and told.withheld else ""
    if told is None or told.recipient is None:
        return f"Not asked for{stays}"
    return f"{NEED_STATES[told.recipient.state]}{stays}"
