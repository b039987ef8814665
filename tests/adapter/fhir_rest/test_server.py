"""What a server says of itself, requests of other kinds, and trust by certificates."""

import ssl
import threading
from collections.abc import Iterator
from http.server import ThreadingHTTPServer
from pathlib import Path

import pytest

from adapter.fhir_rest import FhirClient
from adapter.servers import Server
from mappings.fhir.wire import Json
from mappings.problems import ProblemError
from tests.adapter.dicomweb.test_tls import Handler, certificate
from tests.adapter.fhir_server import Script, client_of, gives, serving

STATEMENT: Json = {
    "resourceType": "CapabilityStatement",
    "fhirVersion": "4.0.1",
    "rest": [
        {"mode": "client", "resource": [{"type": "Rosebud"}]},
        {
            "mode": "server",
            "interaction": [{"code": "transaction"}],
            "operation": [{"name": "$export"}],
            "resource": [
                {
                    "type": "Task",
                    "interaction": [{"code": "create"}],
                    "conditionalCreate": True,
                    "searchParam": [{"name": "status"}],
                    "searchInclude": ["Task:focus"],
                    "searchRevInclude": ["Provenance:target"],
                    "operation": [{"name": "validate"}],
                },
                "Rosebud",
            ],
        },
    ],
}


def test_what_a_server_says_of_itself_is_asked_for_once() -> None:
    script = Script().on("GET", "metadata", gives(200, STATEMENT))
    with client_of(script) as (client, _):
        said = client.capabilities()
        assert client.capabilities() is said
    assert len(script.log) == 1
    assert said is not None
    assert (said.fhir_version, said.kinds) == ("4.0.1", frozenset({"Task"}))
    assert (said.offers("Task", "create"), said.offers("Task", "update"), said.offers("Patient", "create")) == (
        True,
        False,
        False,
    )
    assert (said.offers_system("transaction"), said.offers_system("batch")) == (True, False)
    assert (said.conditional_create("Task"), said.conditional_update("Task")) == (True, False)
    assert (said.parameters("Task"), said.includes("Task")) == (frozenset({"status"}), frozenset({"Task:focus"}))
    assert said.reverse_includes("Task") == {"Provenance:target"}
    assert (said.operation("export"), said.operation("validate"), said.operation("validate", "Task")) == (
        True,
        False,
        True,
    )


@pytest.mark.parametrize("body", [{"resourceType": "CapabilityStatement"}, STATEMENT | {"rest": "Rosebud"}])
def test_a_statement_that_says_nothing_denies_nothing(body: Json) -> None:
    with client_of(Script().on("GET", "metadata", gives(200, body))) as (client, _):
        said = client.capabilities()
    assert said is not None
    assert (said.kinds, said.offers_system("transaction")) == (frozenset(), False)


def test_a_server_without_a_statement_is_none() -> None:
    with client_of(Script()) as (client, _):
        assert client.capabilities() is None


def test_a_request_of_another_kind_is_answered_as_it_is() -> None:
    script = Script().on("GET", "Group/g1/$export", gives(202, Content_Location="https://x.example/1"))
    script.on("POST", "$expunge", gives(200))
    with client_of(script) as (client, _):
        query = [("_type", "Patient,Task")]
        found = client.ask("GET", "Group/g1/$export", what="export", headers={"Prefer": "respond-async"}, query=query)
        client.ask("POST", f"{client.base}/$expunge", what="expunge", body=b"{}")
    assert (found.status, found.headers["content-location"]) == (202, "https://x.example/1")
    assert (script.log[0].headers["Prefer"], script.log[0].query) == ("respond-async", query)
    assert (script.log[1].body, script.log[1].headers["Content-Type"]) == (b"{}", "application/fhir+json")


def test_nothing_is_asked_of_another_host() -> None:
    other = Script()
    refused = pytest.raises(ProblemError, match="names another host, which is not asked")
    with serving(other) as elsewhere, client_of(Script()) as (client, _), refused:
        client.ask("GET", f"{elsewhere}/status", what="export")
    assert other.log == []


# --- certificates


class Quiet(ThreadingHTTPServer):
    def handle_error(self, *_: object) -> None:
        pass  # a client that does not trust it


@pytest.fixture
def secured(tmp_path: Path) -> Iterator[str]:
    """A server that asks for a certificate of ours; its base."""
    public, private = certificate(tmp_path, "server")
    ours, _ = certificate(tmp_path, "client")
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(public, private)
    context.verify_mode = ssl.CERT_REQUIRED
    context.load_verify_locations(ours)
    with Quiet(("127.0.0.1", 0), Handler) as server:
        server.socket = context.wrap_socket(server.socket, server_side=True)
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
        thread.start()
        yield f"https://127.0.0.1:{server.server_port}/fhir"
        server.shutdown()
        thread.join()


def test_a_server_is_trusted_by_the_authority_that_is_set_and_shown_our_certificate(
    secured: str, tmp_path: Path
) -> None:
    files = {"ca": tmp_path / "server.pem", "certificate": tmp_path / "client.pem", "key": tmp_path / "client.key"}
    with FhirClient("ehr", Server(url=secured, **files)) as client:  # type: ignore[arg-type]
        assert client.ask("GET", "metadata", what="metadata").status == 204


@pytest.mark.parametrize("left_out", ["ca", "certificate"])
def test_without_trust_nothing_is_asked(left_out: str, secured: str, tmp_path: Path) -> None:
    files = {"ca": tmp_path / "server.pem", "certificate": tmp_path / "client.pem", "key": tmp_path / "client.key"}
    some = {name: file for name, file in files.items() if not name.startswith(left_out)}
    some = some if "certificate" in some else {"ca": files["ca"]}
    server = Server(url=secured, attempts=1, **some)  # type: ignore[arg-type]
    with FhirClient("ehr", server) as client, pytest.raises(ProblemError) as caught:
        client.ask("GET", "metadata", what="metadata")
    assert "cannot be trusted" in str(caught.value) or "broke the connection off" in str(caught.value)


@pytest.mark.parametrize("name", ["ca", "certificate"])
def test_a_file_of_the_settings_that_is_not_there_is_told(name: str, tmp_path: Path) -> None:
    server = Server(url="https://127.0.0.1:9/fhir", **{name: tmp_path / "absent"})  # type: ignore[arg-type]
    with FhirClient("ehr", server) as client, pytest.raises(ProblemError, match="of the settings cannot be read"):
        client.ask("GET", "metadata", what="metadata")
