"""What a rule is, and what it may say: it stands as registered, and speaks of its item or of the request."""

from collections.abc import Iterator

import msgspec

from adapter.consent.groups import Material
from adapter.consent.rules import (
    Finding,
    Matter,
    all_true,
    blank,
    hold,
    item_rule,
    missing,
    none_true,
    note,
    out,
    request_rule,
    same_name,
    wait,
)

ITEM = Material(id="it", kind="pathology_report")
BASES = frozenset({"access"})


def of_request(matter: Matter) -> Iterator[Finding]:
    yield note("OVERDUE")


def of_item(matter: Matter, item: Material) -> Iterator[Finding]:
    yield note("OVERDUE", item)


def test_a_rule_is_what_was_registered() -> None:
    said = ("group.rule", "45 CFR 164.524(a)", "It does.")
    whole = request_rule(*said, bases=BASES)(of_request)
    single = item_rule(*said, bases=BASES)(of_item)
    last = item_rule(*said, bases=BASES, ends=True)(of_item)
    for rule in (whole, single, last):
        assert (rule.name, rule.paragraph, rule.does, rule.bases) == (*said, BASES)
    assert (whole.request, whole.item, whole.ends) == (of_request, None, False)
    assert (single.request, single.item, single.ends) == (None, of_item, False)
    assert (last.request, last.item, last.ends) == (None, of_item, True)


def told(finding: Finding) -> tuple[str, str, str | None, str, str | None]:
    return msgspec.structs.astuple(finding)


def test_what_a_rule_says_names_its_item_or_none() -> None:
    assert told(note("OVERDUE")) == ("OVERDUE", "note", None, "deny_not_permitted", None)
    assert told(note("OVERDUE", ITEM)) == ("OVERDUE", "note", "it", "deny_not_permitted", None)
    assert told(hold("FACT_MISSING", fact="scope")) == ("FACT_MISSING", "hold", None, "deny_not_permitted", "scope")
    assert told(hold("FACT_MISSING", ITEM)) == ("FACT_MISSING", "hold", "it", "deny_not_permitted", None)
    assert told(missing("scope")) == ("FACT_MISSING", "hold", None, "deny_not_permitted", "scope")
    assert told(missing("kind", ITEM)) == ("FACT_MISSING", "hold", "it", "deny_not_permitted", "kind")
    assert told(wait("LOAN", ITEM, fact="loan")) == ("LOAN", "wait", "it", "deny_not_permitted", "loan")
    assert told(out("NOT_HELD", ITEM, "not_held")) == ("NOT_HELD", "exclude", "it", "not_held", None)
    assert told(out("NOT_HELD", ITEM, "pend", fact="x")) == ("NOT_HELD", "exclude", "it", "pend", "x")


def test_unknown_is_neither_true_nor_false() -> None:
    assert [all_true(True, True), all_true(True, None), all_true(None, False), all_true(True, False)] == [
        True,
        None,
        False,
        False,
    ]
    assert [none_true(None, False), none_true(None, True), none_true()] == [True, False, True]


def test_names_are_compared_as_people_do() -> None:
    assert same_name("Acme  Review", " acme review ")
    assert not same_name("Acme Review", "AcmeReview")
    assert not same_name("", "")
    assert not same_name(None, None)
    assert not same_name("Acme", None)


def test_a_text_of_spaces_says_nothing() -> None:
    assert [blank(None), blank(""), blank(" \t"), blank(" x ")] == [True, True, True, False]
