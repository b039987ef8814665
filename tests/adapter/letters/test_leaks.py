"""What letters are made from stays with the holder: no release has it, no message shows it."""

import json
from pathlib import Path

import pytest

from adapter.letters import KINDS, letter
from mappings.problems import ProblemError
from tests import golden
from tests.adapter.cli.command import case
from tests.adapter.letters.made import LETTER, NOTES, denied, occasion, without
from tests.adapter.letters.test_granted import REVIEW, SOON

WORD = "quetzal"
TOLD = {
    "extensions": [SOON | {"reasons": f"{WORD} reasons", "sent_on": "2026-02-01", "until": "2026-03-01"}],
    "fees": [{"item": f"{WORD}_fee", "amount": 72.50}],
    "review": REVIEW | {"official": f"{WORD} official"},
}


def test_no_release_has_what_the_holder_wrote_and_was_told(tmp_path: Path) -> None:
    place = case(tmp_path, "patient-directive")
    plain = golden.export(place, tmp_path / "plain")
    held = json.loads((place / "case.json").read_text(encoding="utf-8"))
    held["access"] |= TOLD
    (place / "case.json").write_text(json.dumps(held), encoding="utf-8")
    golden.export(place, tmp_path / "told")
    delivered = {path.name: path.read_bytes() for path in (tmp_path / "told").rglob("*") if path.is_file()}
    assert [name for name, data in delivered.items() if WORD.encode() in data] == []
    assert json.loads(delivered["case.json"])["access"].keys() & TOLD.keys() == set()
    assert {path.name for path in (tmp_path / "plain").rglob("*") if path.is_file()} == set(delivered)
    assert plain.manifest_sha256


@pytest.mark.parametrize("kind", KINDS)
def test_no_message_shows_a_value(kind: str) -> None:
    secret = {"names": [{"family": WORD}], "identifiers": [{"system": "https://x.example", "value": WORD}]}
    bad = {"extensions": [{"reasons": "", "until": "2027-01-01"}], "fees": [{"item": WORD, "amount": 0.001}]}
    on = denied(
        access=bad | {"requested_by": "daughter", "identity_verified": None},
        patient=secret | {"birth_date": "1958-07-19"},
        office=without("title", "phone", "complaints", "reviews"),
    )
    with pytest.raises(ProblemError) as caught:
        letter(kind, on)  # type: ignore[arg-type]
    assert WORD not in str(caught.value).casefold()
    assert "SYN-1" not in str(caught.value)


def test_no_title_of_what_stays_is_in_any_letter() -> None:
    on = occasion(materials=(LETTER, NOTES), access={"determinations": []})
    for kind in ("acknowledgement", "denial"):
        made = str(letter(kind, on))
        assert "Quetzal notes" not in made
