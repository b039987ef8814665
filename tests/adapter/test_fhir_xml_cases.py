"""A case whose FHIR files came as XML goes out as it would have gone had they come as JSON."""

import json
from pathlib import Path
from typing import Any

import pytest

from adapter.fhir_xml import write
from mappings.fhir.wire import dumps, loads
from tests.golden import export, source


def as_xml(case: Path) -> Path:
    """Turn every FHIR JSON file of a case into XML."""
    for path in (case / "fhir").glob("*.json"):
        data, problems = write(loads(path.read_bytes()))
        assert problems == ()
        path.with_suffix(".xml").write_bytes(data)
        path.unlink()
    return case


def entries(bundle: Path) -> dict[str, bytes]:
    """What a bundle holds, by fullUrl, with the keys of JSON in one order."""
    found = loads((bundle / "bundle.json").read_bytes())["entry"]
    return {entry["fullUrl"]: json.dumps(_sorted(entry), sort_keys=True).encode() for entry in found}


def _sorted(value: Any) -> Any:
    return json.loads(dumps(value), parse_float=str, parse_int=str)


@pytest.mark.parametrize(
    ("name", "units", "withheld"),
    [("soft-tissue-sarcoma", 12, ["fhir/psychotherapy-note.xml"]), ("discordant-imaging-biopsy", 6, [])],
)
def test_a_case_of_xml_is_exported_like_a_case_of_json(
    name: str, units: int, withheld: list[str], tmp_path: Path
) -> None:
    export(source(name, tmp_path / "json"), tmp_path / "as-json")
    done = export(as_xml(source(name, tmp_path / "xml")), tmp_path / "as-xml")
    assert entries(tmp_path / "as-xml") == entries(tmp_path / "as-json")
    fhir = [unit for unit in done.account.units if unit.source.startswith("fhir/")]
    assert len(fhir) == units
    assert [unit.source for unit in fhir if unit.outcome == "withheld"] == withheld
    noted = [unit for unit in fhir if any(p.rule == "fhir.xml" for p in unit.problems)]
    assert {unit.source.partition("#")[0] for unit in noted} == {unit.source.partition("#")[0] for unit in fhir}
