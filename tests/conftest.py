"""Fixtures that every test may ask for."""

import os
import pathlib

import pytest
from hypothesis import HealthCheck, settings

ROOT = pathlib.Path(__file__).resolve().parent.parent

settings.register_profile("any machine", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("any machine")  # a slow machine is no fault of the code


def shared_folder() -> pathlib.Path:
    """Where real inputs and the reference validator are (SECOND_OPINION_SHARED, default `../shared`)."""
    return (ROOT / os.environ.get("SECOND_OPINION_SHARED", "../shared")).resolve()


@pytest.fixture(scope="session")
def shared() -> pathlib.Path:
    """The folder with real inputs; the test skips where it is absent and fails where it must be present."""
    folder = shared_folder()
    if not folder.is_dir():
        message = "real inputs are absent: set SECOND_OPINION_SHARED to their folder"
        if os.environ.get("SECOND_OPINION_REQUIRE_SHARED") == "1":
            pytest.fail(message)
        pytest.skip(message)
    return folder
