"""Several sources at once: no person gets what is another's, whatever the sources call their things."""

import datetime as dt
import json
import os
from pathlib import Path
from typing import Any

from adapter.convert import Converted, convert, named_roots
from mappings.identity import DEFAULT_NAMESPACE
from tests.dicom_files import dataset
from tests.dicom_files import write as write_image
from tests.small_case import NUMBERS

DAY = dt.date(2026, 3, 16)


def patient(family: str, number: str, born: str) -> dict[str, Any]:
    return {
        "resourceType": "Patient",
        "id": "1",
        "identifier": [{"system": NUMBERS, "value": number}],
        "name": [{"family": family, "given": ["A"]}],
        "birthDate": born,
    }


ALPHA, BETA = patient("Alpha", "1", "1950-01-01"), patient("Beta", "2", "1960-01-01")


def condition(text: str) -> dict[str, Any]:
    return {"resourceType": "Condition", "id": "c", "subject": {"reference": "Patient/1"}, "code": {"text": text}}


def put(path: Path, value: Any) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(value), encoding="utf-8")
    return path


def converted(*paths: Path) -> Converted:
    return convert(paths, DEFAULT_NAMESPACE, DAY)


def told(done: Converted) -> list[list[str]]:
    """What is said in each Bundle: the names of Patients and the words of Conditions; unassigned last."""
    found = []
    for key in sorted(done.bundles, key=lambda key: (key == "unassigned", key)):
        resources = [entry["resource"] for entry in done.bundles[key]["entry"]]
        names = [one["name"][0]["family"] for one in resources if one["resourceType"] == "Patient"]
        words = [one["code"]["text"] for one in resources if one["resourceType"] == "Condition"]
        found.append([*(["unassigned"] if key == "unassigned" else []), *sorted(names), *sorted(words)])
    return sorted(found)


def test_two_folders_of_one_name_stay_two_sources(tmp_path: Path) -> None:
    put(tmp_path / "siteA/fhir/p.json", ALPHA)
    put(tmp_path / "siteA/fhir/c.json", condition("of alpha"))
    put(tmp_path / "siteB/fhir/p.json", BETA)
    put(tmp_path / "siteB/fhir/c.json", condition("of beta"))
    done = converted(tmp_path / "siteA/fhir", tmp_path / "siteB/fhir")
    assert told(done) == [["Alpha", "of alpha"], ["Beta", "of beta"]]
    assert [unit.source for unit in done.account.units] == [
        "siteA/fhir/c.json",
        "siteA/fhir/p.json",
        "siteB/fhir/c.json",
        "siteB/fhir/p.json",
    ]


def test_two_files_of_one_name_and_one_file_twice(tmp_path: Path) -> None:
    one, two = put(tmp_path / "x1/p.json", ALPHA), put(tmp_path / "x2/p.json", BETA)
    done = converted(one, two, one)
    assert told(done) == [["Alpha"], ["Beta"]]
    assert [unit.source for unit in done.account.units] == ["x1/p.json", "x2/p.json"]


def test_roots_have_the_shortest_names_that_tell_them_apart(tmp_path: Path) -> None:
    def names(*paths: str) -> list[str]:
        return list(named_roots(tmp_path / path for path in paths))

    assert names("a/x", "b/y") == ["x", "y"]
    assert names("a/x", "b/x") == ["a/x", "b/x"]
    assert names("a/x", "a/x/deeper", "a/./x") == ["x"]


def bundle(base: str, *resources: dict[str, Any]) -> dict[str, Any]:
    entries = [{"fullUrl": f"{base}/{one['resourceType']}/{one['id']}", "resource": one} for one in resources]
    return {"resourceType": "Bundle", "type": "collection", "entry": entries}


def test_two_contents_under_one_full_url_from_two_sources_are_both_carried_and_said(tmp_path: Path) -> None:
    base = "https://a.example/r4"
    put(tmp_path / "x/one.json", bundle(base, ALPHA, condition("whose")))
    put(tmp_path / "y/one.json", bundle(base, BETA))
    done = converted(tmp_path / "x", tmp_path / "y")
    assert told(done) == [["Alpha"], ["Beta"], ["unassigned", "whose"]]
    torn = [unit.source for unit in done.account.units if any(p.rule == "fhir.fullurl" for p in unit.problems)]
    assert torn == ["x/one.json#entry[0]", "y/one.json#entry[0]"]


def test_the_same_words_about_two_persons_are_two_things(tmp_path: Path) -> None:
    put(tmp_path / "z/a.json", bundle("https://a.example/r4", ALPHA, condition("same words")))
    put(tmp_path / "z/b.json", bundle("https://b.example/r4", BETA, condition("same words")))
    assert told(converted(tmp_path / "z")) == [["Alpha", "same words"], ["Beta", "same words"]]


def test_the_same_words_about_one_person_are_one_thing(tmp_path: Path) -> None:
    put(tmp_path / "z/a.json", bundle("https://a.example/r4", ALPHA, condition("same words")))
    put(tmp_path / "z/b.json", bundle("https://b.example/r4", ALPHA, condition("same words")))
    assert told(converted(tmp_path / "z")) == [["Alpha", "same words"]]


def test_bytes_that_another_person_guards_go_to_nobody_else(tmp_path: Path) -> None:
    theirs = {**BETA, "id": "2"}
    guarded: dict[str, Any] = {"resourceType": "Binary", "id": "b", "contentType": "text/plain", "data": "eA=="}
    guarded["securityContext"] = {"reference": "Patient/2"}
    note: dict[str, Any] = {
        "resourceType": "DocumentReference",
        "id": "n",
        "status": "current",
        "subject": {"reference": "Patient/1"},
    }
    note["content"] = [{"attachment": {"contentType": "text/plain", "url": "Binary/b"}}]
    put(tmp_path / "z/a.json", bundle("https://a.example/r4", ALPHA, theirs, note, guarded))
    done = converted(tmp_path / "z")
    kinds = {key: [entry["resource"]["resourceType"] for entry in one["entry"]] for key, one in done.bundles.items()}
    assert sorted(kinds.values()) == [["Binary"], ["DocumentReference", "Patient"], ["Patient"]]
    assert kinds["unassigned"] == ["Binary"]


def image(path: Path, number: str, **more: Any) -> None:
    uids = {"StudyInstanceUID": number, "SeriesInstanceUID": f"{number}.1", "SOPInstanceUID": f"{number}.1.1"}
    write_image(path, dataset(PatientID="1", PatientName="Smith^John", **uids, **more))


def test_a_bare_number_and_a_name_are_one_person_only_within_one_source(tmp_path: Path) -> None:
    image(tmp_path / "siteA/a.dcm", "1.8", PatientBirthDate=None)
    image(tmp_path / "siteA/b.dcm", "1.9", PatientBirthDate=None)
    image(tmp_path / "siteB/c.dcm", "1.10", PatientBirthDate=None)
    done = converted(tmp_path / "siteA", tmp_path / "siteB")
    assert sorted(_studies(done)) == [["urn:oid:1.10"], ["urn:oid:1.8", "urn:oid:1.9"]]


def test_a_bare_number_a_name_and_a_birth_date_are_one_person_anywhere(tmp_path: Path) -> None:
    image(tmp_path / "siteA/a.dcm", "1.8")
    image(tmp_path / "siteB/c.dcm", "1.10")
    assert _studies(converted(tmp_path / "siteA", tmp_path / "siteB")) == [["urn:oid:1.10", "urn:oid:1.8"]]


def _studies(done: Converted) -> list[list[str]]:
    return [
        sorted(
            number["value"]
            for entry in bundle["entry"]
            for number in entry["resource"].get("identifier", ())
            if number["system"] == "urn:dicom:uid"
        )
        for bundle in done.bundles.values()
    ]


def test_what_once_stopped_the_run_is_on_the_account(tmp_path: Path) -> None:
    put(tmp_path / "in/empty.json", {"resourceType": "Bundle", "type": "searchset", "entry": []})
    put(tmp_path / "in/odd.json", {"resourceType": "Patient", "id": "1", "identifier": 5, "name": 5, "birthDate": 5})
    huge = b'{"resourceType":"Observation","valueQuantity":{"value":1e99999999999999999999}}'
    (tmp_path / "in/huge.json").write_bytes(huge)
    Path(os.fsdecode(os.fsencode(tmp_path) + b"/in/bad\xff.pdf")).write_bytes(b"%PDF-1.4")
    (tmp_path / "in/loop").symlink_to("loop")
    done = converted(tmp_path / "in")
    assert [(unit.source, unit.outcome) for unit in done.account.units] == [
        ("in/bad\\xff.pdf", "kept"),
        ("in/empty.json", "mapped"),
        ("in/huge.json", "refused"),
        ("in/loop", "refused"),
        ("in/odd.json", "mapped"),
    ]
    assert b"bad\\\\xff.pdf" in done.account.to_json()
