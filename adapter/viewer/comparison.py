"""What was stated about two reports: the degree, what differs, what it means for the patient."""

from adapter.viewer.index import Index
from adapter.viewer.markup import Child, Html, el, fragment, joined, pairs, table
from adapter.viewer.say import prose, when
from adapter.viewer.words import ASPECTS, DEGREES, IMPACTS, MEANINGS, SIGNS, word
from mappings.domain.concordance import Concordance

MARK = Html('<span class="mark">≠ differs</span>')
"""Beside whatever differs: a sign and a word, never colour alone."""


def verdict(index: Index, concordance: Concordance | None) -> Html:
    """The stated comparison, or that there is none."""
    if concordance is None:
        return el("p", "No comparison of these two reports has been stated.", class_="verdict none")
    degree = concordance.degree
    line = el(
        "p",
        el("span", SIGNS[degree], class_="sign", aria_hidden="true"),
        " ",
        el("strong", DEGREES[degree]),
        " ",
        MEANINGS[degree],
    )
    more = pairs(
        [
            ("Impact", word(IMPACTS, concordance.impact)),
            ("Stated by", joined(", ", index.party(concordance.stated_by), when(concordance.at))),
            ("Rests on", index.links(concordance.findings)),
        ]
    )
    comment = prose(concordance.comment) if concordance.comment else None
    return fragment(el("div", line, more, comment, class_=f"verdict {degree}"), _differences(concordance))


def _differences(concordance: Concordance) -> Html | None:
    rows: list[list[Child]] = [
        [joined(" ", ASPECTS[d.aspect], MARK), d.original or "Not stated", d.review or "Not stated"]
        for d in concordance.differences
    ]
    return table("What differs, as stated", ["Aspect", "Original", "Review"], rows, "differences")
