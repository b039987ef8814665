"""What images are is known without fetching them, and only of what was asked for."""

from pathlib import Path
from typing import Any

import pytest

from adapter.sources.dicomweb import find
from adapter.sources.dicomweb_metadata import gather_metadata
from adapter.sources.gather import Gathered
from adapter.transfer.wanted import Number, Wanted
from mappings.problems import ProblemError
from tests.adapter.dicomweb_server import Archive, Request, client_of
from tests.dicom_files import dataset, write


def archive_of(folder: Path, *, told: dict[str, str] | None = None) -> Archive:
    """Two instances of one series; their metadata say `told` otherwise."""
    archive = Archive()
    for number in (1, 2):
        name = {"SpecificCharacterSet": "ISO_IR 192", "PatientName": "Müller^Zoë=山田^太郎"}
        image = dataset(SOPInstanceUID=f"1.2.3.1.{number}", InstanceNumber=str(number), **name)
        archive.put(write(folder / "made", image).read_bytes())

    def metadata(request: Request) -> bool:
        if not request.path.endswith("/metadata"):
            return False
        rows: list[Any] = []
        for data in archive.files.values():
            header = archive.header(data)
            for keyword, value in (told or {}).items():
                setattr(header, keyword, value)
            rows.append(header.to_json_dict(suppress_invalid_tags=True))
        return request.json(rows)

    archive.faults.append(metadata)
    return archive


def gathered(archive: Archive) -> Gathered:
    with client_of(archive) as (client, _):
        found, _ = find(client, Wanted(patient=Number("T-1")))
        return gather_metadata(client, found)


def test_a_study_is_known_with_its_endpoint_and_whole_names(tmp_path: Path) -> None:
    found = gathered(archive_of(tmp_path))
    (study,) = found.studies
    (endpoint,) = found.endpoints
    assert [i.uid for series in study.study.series for i in series.instances] == ["1.2.3.1.1", "1.2.3.1.2"]
    assert study.study.endpoints == (endpoint.id,)
    assert (endpoint.connection, endpoint.address.endswith("/dicom-web")) == ("dicom-wado-rs", True)
    assert [name.label for name in study.identity.names] == ["Zoë Müller", "太郎 山田"]
    assert [file.path for file in found.images] == [
        f"archive/studies/1.2.3/series/1.2.3.1/instances/1.2.3.1.{number}" for number in (1, 2)
    ]


@pytest.mark.parametrize("told", [{"PatientID": "Rosebud"}, {"StudyInstanceUID": "1.2.9"}])
def test_metadata_of_somebody_else_are_refused(told: dict[str, str], tmp_path: Path) -> None:
    found = gathered(archive_of(tmp_path, told=told))
    assert (found.studies, [draft.refused for draft in found.drafts]) == ((), [True, True])
    assert "Rosebud" not in str(found.drafts)


def test_what_is_no_metadata_is_refused(tmp_path: Path) -> None:
    archive = archive_of(tmp_path)
    archive.faults.insert(0, lambda request: request.path.endswith("/metadata") and request.json({"a": "Rosebud"}))
    with pytest.raises(ProblemError, match="answers with no list of data sets") as caught:
        gathered(archive)
    assert "Rosebud" not in str(caught.value)
