"""What keeps an image study back keeps back what it encloses, and nothing else is said of either."""

from adapter.consent.enclosed import bind_enclosed
from adapter.consent.groups import Material
from adapter.consent.rules import Finding

STUDY = Material(id="study", encloses=("letter",))
LETTER = Material(id="letter", enclosed_in=("study", "gone"))
STAYS = Finding(code="RESTRICTION_AGREED", effect="exclude", item="study")
WAITS = Finding(code="FACT_MISSING", effect="wait", item="study", fact="held")
NOTED = Finding(code="REDISCLOSURE_NOTICE", effect="note", item="study")


def told(found: dict[str, list[Finding]], item: str) -> list[tuple[str, str, str | None]]:
    return [(one.code, one.effect, one.item) for one in found[item]]


def test_what_keeps_a_study_back_is_said_of_its_document_once_and_notes_are_not() -> None:
    found = {"study": [STAYS, WAITS, NOTED], "letter": [Finding(code="FACT_MISSING", effect="wait", item="letter")]}
    bind_enclosed(found, (STUDY, LETTER))
    assert told(found, "letter") == [("FACT_MISSING", "wait", "letter"), ("RESTRICTION_AGREED", "exclude", "letter")]


def test_a_study_stays_where_all_that_there_is_of_it_stays() -> None:
    found = {"study": [], "letter": [Finding(code="RESTRICTION_AGREED", effect="exclude", item="letter")]}
    bind_enclosed(found, (STUDY, LETTER))
    assert told(found, "study") == [("RESTRICTION_AGREED", "exclude", "study")]


def test_what_is_no_item_keeps_nothing_back() -> None:
    found: dict[str, list[Finding]] = {"study": [NOTED]}
    bind_enclosed(found, (STUDY,))
    assert told(found, "study") == [("REDISCLOSURE_NOTICE", "note", "study")]
    plain: dict[str, list[Finding]] = {"letter": []}
    bind_enclosed(plain, (LETTER,))
    assert plain == {"letter": []}
