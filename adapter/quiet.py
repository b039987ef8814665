"""Keeps pydicom from being heard: its warnings and log records quote values of the files it reads."""

import logging
import warnings
from collections.abc import Iterator
from contextlib import contextmanager


def _mute(_: logging.LogRecord) -> bool:
    return False


@contextmanager
def quiet_pydicom() -> Iterator[list[warnings.WarningMessage]]:
    """Within this, what pydicom warns about is collected and not shown; its log records go nowhere, also afterwards."""
    logging.getLogger("pydicom").addFilter(_mute)
    with warnings.catch_warnings(record=True) as heard:
        warnings.simplefilter("always")
        yield heard
