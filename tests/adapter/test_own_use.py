"""Session notes in the holder's own use: a conversion leaves them out in every form, and says so on the account."""

import base64
import json
from pathlib import Path
from typing import Any

import pytest

from adapter.consent.policy import load_policy
from adapter.convert import Converted, convert
from mappings.identity import DEFAULT_NAMESPACE
from tests.adapter.test_convert import DAY, put
from tests.small_case import NOTE, PATIENT, REPORT, SECRET

WORDS = b"quetzal words of a session"
DATA = base64.b64encode(WORDS).decode()


def _folder(root: Path, **more: Any) -> Path:
    put(root / "p.json", PATIENT)
    put(root / "report.json", REPORT)
    put(root / "note.json", NOTE | {"content": [{"attachment": {"contentType": "text/plain", "url": "Binary/b"}}]})
    put(root / "binary.json", {"resourceType": "Binary", "id": "b", "contentType": "text/plain", "data": DATA})
    (root / "note.txt").write_bytes(WORDS)
    return root


def _converted(root: Path, own_use: str = "conversion", **changed: bool) -> Converted:
    from msgspec.structs import replace

    policies = tuple(replace(one, **changed) for one in load_policy())
    return convert([_folder(root)], DEFAULT_NAMESPACE, DAY, policies=policies, own_use=own_use)


def _outcomes(done: Converted) -> dict[str, str]:
    return {unit.source.rpartition("/")[2].partition(" ")[0]: unit.outcome for unit in done.account.units}


def _said(done: Converted) -> str:
    return json.dumps([done.bundles[key] for key in sorted(done.bundles)])


def test_a_conversion_leaves_the_notes_out_in_every_form(tmp_path: Path) -> None:
    done = _converted(tmp_path)
    assert SECRET not in _said(done)
    assert DATA not in _said(done)
    assert "Sarcoma of the thigh." in _said(done)
    assert [file.path for files in done.files.values() for file in files.values()] == []


def test_the_account_says_what_stayed_and_which_paper_it_needs(tmp_path: Path) -> None:
    done = _converted(tmp_path)
    told = _outcomes(done)
    assert {told[name] for name in ("note.json", "binary.json", "note.txt")} == {"withheld"}
    assert {told[name] for name in ("p.json", "report.json")} == {"mapped"}
    rules = {unit.source.rpartition("/")[2]: {p.rule for p in unit.problems} for unit in done.account.units}
    assert "PSYCHOTHERAPY_AUTHORIZATION_MISSING" in rules["note.json"]
    assert done.account.incomplete


@pytest.mark.parametrize("own_use", ["originator_treatment", "training", "legal_defense"])
def test_a_use_that_needs_no_paper_takes_them(own_use: str, tmp_path: Path) -> None:
    done = _converted(tmp_path, own_use)
    assert SECRET in _said(done)
    assert set(_outcomes(done).values()) <= {"mapped", "kept"}


def test_where_a_conversion_is_no_use_it_takes_them_too(tmp_path: Path) -> None:
    assert SECRET in _said(_converted(tmp_path, conversion_is_use=False))


def test_a_folder_of_nothing_but_notes_is_converted_to_nothing(tmp_path: Path) -> None:
    place = put(tmp_path / "note.json", NOTE)
    done = convert([place], DEFAULT_NAMESPACE, DAY)
    assert done.bundles == {}
    assert [unit.outcome for unit in done.account.units] == ["withheld"]


def test_a_word_that_is_no_use_is_refused(tmp_path: Path) -> None:
    with pytest.raises(KeyError):
        _converted(tmp_path, "curiosity")
