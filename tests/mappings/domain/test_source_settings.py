"""Settings of a source: a path that could fit nothing is refused."""

import pytest

from mappings.domain.case import SourceSettings


@pytest.mark.parametrize("path", [".", "ct", "scans/ct", "scans/one.dcm"])
def test_a_path_below_the_case_is_taken(path: str) -> None:
    assert SourceSettings(path=path, zone="America/Chicago").path == path


@pytest.mark.parametrize(
    ("path", "said"),
    [
        ("ct/", "without its last `/`"),
        ("../ct", "stay below"),
        ("/ct", "stay below"),
        ("a\\b", "with `/`"),
        ("", "relative"),
    ],
)
def test_a_path_that_fits_nothing_is_refused(path: str, said: str) -> None:
    with pytest.raises(ValueError, match=said):
        SourceSettings(path=path)
