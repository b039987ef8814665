"""A host name that nobody knows is told as that, by the setting that holds it and by no address."""

import pytest
import requests

from adapter.config import Pacs
from adapter.dimse.peer import Peer
from adapter.errors import exit_code
from adapter.transfer.web import session, trouble
from mappings.problems import ProblemError

SAID = "of the settings cannot be resolved; check how it is written there and the name service of this machine"


def test_a_host_of_the_web_that_cannot_be_resolved() -> None:
    with pytest.raises(requests.exceptions.ConnectionError) as caught:
        session().get("http://zebulon.invalid/dicom-web", timeout=5)
    found = trouble(caught.value, 5)
    assert found is not None
    assert (found.code, found.passing, found.sent) == ("transient", True, False)
    assert found.message == f"is not found: the host name in `url` {SAID}, and try again"


def test_a_port_where_nobody_listens_is_told_as_before() -> None:
    with pytest.raises(requests.exceptions.ConnectionError) as caught:
        session().get("http://127.0.0.1:9/", timeout=5)
    found = trouble(caught.value, 5)
    assert found is not None
    assert found.message == "is away, or broke the connection off; check that it runs, and try again"


def test_a_host_of_dimse_that_cannot_be_resolved() -> None:
    pytest.importorskip("pynetdicom")
    from pynetdicom import build_context

    peer = Peer("a", Pacs(host="zebulon.invalid", timeout=5), sleep=lambda _: None)
    with (
        pytest.raises(ProblemError, match=f"host name in `host` {SAID}") as caught,
        peer.associated([build_context("1.2.840.10008.1.1")], "ask"),
    ):
        pass
    assert "zebulon" not in str(caught.value)
    assert exit_code(caught.value) == 5
