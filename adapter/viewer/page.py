"""The page: one HTML file for people that needs nothing beside itself, with no script and no network.

Its policy (CSP) lets only its own style sheet through, by hash. Same Release, same bytes.
"""

import base64
import hashlib
from importlib.resources import files

from adapter.consent.release import Release
from adapter.viewer.carried import carried
from adapter.viewer.clinical import clinical
from adapter.viewer.closing import authority, bundle, missing, people
from adapter.viewer.index import Index, index
from adapter.viewer.markup import Html, el, fragment
from adapter.viewer.materials import materials
from adapter.viewer.purpose import purpose
from adapter.viewer.reports import reports
from adapter.viewer.timeline import timeline
from adapter.viewer.who import head, who

CONTENTS = (
    ("who", "Who"),
    ("purpose", "What for"),
    ("materials", "Materials"),
    ("timeline", "Timeline"),
    ("reports", "Reports"),
    ("diagnoses", "Diagnoses"),
    ("records", "Records as received"),
    ("missing", "What is missing"),
    ("authority", "Authority"),
    ("people", "People"),
    ("bundle", "This bundle"),
)


def render(release: Release) -> bytes:
    """The page of a release (UTF-8). It speaks of nothing that is not in the release."""
    found = index(release)
    body = el(
        "body",
        el("a", "Skip to the case", href="#case", class_="skip"),
        head(found),
        el("div", _contents(found), _main(found), class_="layout"),
        _foot(found),
    )
    page = el("html", _head(found), body, lang="en")
    return f"<!DOCTYPE html>\n{page}".encode()


def _main(found: Index) -> Html:
    parts = (
        who(found),
        purpose(found),
        materials(found),
        timeline(found),
        reports(found),
        clinical(found),
        carried(found),
        missing(found),
        authority(found),
        people(found),
        bundle(found),
    )
    return el("main", *parts, id="case", tabindex="-1")


def _head(found: Index) -> Html:
    style = Html(files("adapter.viewer").joinpath("style.css").read_text(encoding="utf-8"))
    title = f"{found.case.patient.names[0].label}: second opinion case {found.case.id}"
    return el(
        "head",
        el("meta", charset="utf-8"),
        el("meta", http_equiv="Content-Security-Policy", content=policy(style)),
        el("title", title),
        el("meta", name="viewport", content="width=device-width, initial-scale=1"),
        el("meta", name="color-scheme", content="light dark"),
        el("meta", name="referrer", content="no-referrer"),
        el("meta", name="robots", content="noindex, nofollow"),
        el("meta", name="format-detection", content="telephone=no, date=no, address=no, email=no"),
        el("style", style),
    )


def policy(style: str) -> str:
    """The content security policy: nothing is loaded, run, framed or sent; one style sheet applies, by its hash."""
    digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
    return f"default-src 'none'; style-src 'sha256-{digest}'; base-uri 'none'; form-action 'none'"


def _contents(found: Index) -> Html:
    shown = [(anchor, name) for anchor, name in CONTENTS if anchor != "records" or found.release.carried]
    links = (el("li", el("a", name, href=f"#{anchor}")) for anchor, name in shown)
    return el("nav", el("ul", *links), aria_label="Contents", class_="contents")


def _foot(found: Index) -> Html:
    notice = "Confidential health information. For the person it is addressed to only."
    more = " The signed report of the pathologist prevails over what this page shows of it."
    return el("footer", el("p", fragment(notice, more)))
