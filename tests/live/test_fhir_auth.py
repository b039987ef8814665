"""The client of FHIR servers against those that know nothing of it: oidc-provider, SEKMET and HAPI."""

import base64
import contextlib
import io
import time
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest
from joserfc.jwk import ECKey, RSAKey

from adapter.fhir_rest import FhirClient, Refused, Unsettled
from adapter.fhir_rest.content import resource_of
from adapter.servers import Server as Settings
from adapter.transfer.web import Passing
from adapter.transfer.workers import several
from mappings.fhir.wire import Json, dumps, read_object
from mappings.problems import ProblemError
from tests.faulty_proxy import FaultyProxy
from tests.live import servers
from tests.live.servers import Server

pytestmark = pytest.mark.live

SYSTEM = "https://lab.example/sid/accession"
OTHER = ECKey.generate_key("P-384", private=True)
KEYS: dict[str, Any] = {"ES384": ECKey.generate_key("P-384", private=True), "RS384": RSAKey.generate_key(3072)}
ALGORITHMS = sorted(KEYS)
SECRET = "eyJ"
"""How every JWT begins."""


def public(algorithm: str) -> Json:
    return {**KEYS[algorithm].as_dict(private=False), "kid": algorithm, "use": "sig", "alg": algorithm}


class Authority(msgspec.Struct, frozen=True):
    """Where tokens are had, and for which server."""

    token_url: str
    fhir: str
    folder: Path

    @contextlib.contextmanager
    def client(self, algorithm: str, client_id: str = "", off: float = 0, **more: Any) -> Iterator[FhirClient]:
        """A client whose clock is off by so many seconds."""
        place = self.folder / f"{uuid.uuid4()}.pem"
        place.touch(mode=0o600)
        place.write_bytes(more.pop("key", KEYS[algorithm]).as_pem(private=True))
        named = {"client_id": client_id or algorithm, "key_id": algorithm, "scopes": ("system/*.cruds",)} | more
        named |= {"algorithm": algorithm, "client_key": place, "token_url": self.token_url}
        settings = Settings(url=self.fhir, auth="smart", **named)
        with FhirClient("ehr", settings, now=lambda: time.time() + off, sleep=lambda _: None) as client:
            yield client

    def says(self, algorithm: str, act: Callable[[FhirClient], Any] | None = None, **more: Any) -> str:
        """What is said where no token is had, or one that does not do."""
        with self.client(algorithm, **more) as client, pytest.raises(ProblemError) as caught:
            (act or (lambda one: one.need([("Patient", "rs")])))(client)
        said = str(caught.value)
        assert SECRET not in said
        assert "127.0.0.1" not in said
        return said


@pytest.fixture(scope="module")
def oidc(hapi: Server, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Authority]:
    """oidc-provider; the tokens are for HAPI, which looks at none."""
    rows: list[Json] = [
        {"id": name, "alg": algorithm, "jwk": public(algorithm), "scope": scope}
        for algorithm in ALGORITHMS
        for name, scope in ((algorithm, "system/*.cruds system/*.rs"), (f"narrow-{algorithm}", "system/Patient.rs"))
    ]
    folder = tmp_path_factory.mktemp("oidc")
    with servers.authorization(folder, hapi.base, rows) as server:
        yield Authority(f"{server.base}/token", hapi.base, folder)


@pytest.fixture(scope="module")
def secured(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Authority]:
    """SEKMET, which asks for its own tokens; where they are had, it says itself."""
    rows: list[Json] = [
        {"client_id": name, "jwks": {"keys": [public(algorithm)]}, "scopes": scope}
        for algorithm in ALGORITHMS
        for name, scope in ((algorithm, "system/*.cruds"), (f"narrow-{algorithm}", "system/Patient.rs"))
    ]
    folder = tmp_path_factory.mktemp("secured")
    with servers.sekmet(folder, rows) as server:
        yield Authority("", server.base, folder)


@pytest.fixture(params=["oidc", "secured"])
def authority(request: pytest.FixtureRequest) -> Authority:
    """One after the other."""
    found: Authority = request.getfixturevalue(request.param)
    return found


# --- tokens


@pytest.mark.parametrize("algorithm", ALGORITHMS)
def test_a_token_is_had_and_used(algorithm: str, authority: Authority) -> None:
    with authority.client(algorithm) as client:
        assert client.need([("Patient", "cruds"), ("Task", "crus")]) == ()
        made = client.create(patient(algorithm), if_none_exist=[("identifier", f"{SYSTEM}|{algorithm}")])
        assert client.read("Patient", made.id).resource["name"] == [{"family": "Testperson"}]


@pytest.mark.parametrize("algorithm", ALGORITHMS)
def test_a_new_token_has_a_new_assertion(algorithm: str, authority: Authority) -> None:
    with authority.client(algorithm) as client:
        assert client.core.backend is not None
        first = client.core.backend.token()
        second = client.core.backend.token(instead_of=first)
        assert client.core.backend.token() is second
        assert first.value != second.value


@pytest.mark.parametrize("algorithm", ALGORITHMS)
def test_a_token_that_the_server_does_not_know_is_renewed(algorithm: str, secured: Authority) -> None:
    with secured.client(algorithm) as client:
        backend = client.core.backend
        assert backend is not None
        backend._token = msgspec.structs.replace(backend.token(), value="not-one-of-yours")
        with pytest.raises(Refused) as caught:
            client.read("Patient", "nobody")
        assert caught.value.status == 404
        assert backend.token().value != "not-one-of-yours"


@pytest.mark.parametrize("algorithm", ALGORITHMS)
def test_an_expired_assertion_is_told_with_the_clocks(algorithm: str, oidc: Authority, secured: Authority) -> None:
    said = oidc.says(algorithm, off=-3600)
    assert "does not take us for the client" in said
    assert "; our clock is 3" in said
    assert " s behind (invalid_client 401)" in said
    said = secured.says(algorithm, off=-3600)
    assert "says that the assertion is not valid at this time; set the clocks right; our clock is 3" in said


@pytest.mark.parametrize("algorithm", ALGORITHMS)
def test_an_assertion_from_the_future_is_told_with_the_clocks(algorithm: str, secured: Authority) -> None:
    said = secured.says(algorithm, off=3600)
    assert "says that the assertion is not valid at this time; set the clocks right; our clock is 3" in said
    assert " s ahead (invalid_client 401)" in said


def twice(client: FhirClient) -> None:
    backend = client.core.backend
    assert backend is not None
    backend._new_id = lambda: f"{client.server.client_id}-the-same"
    backend.token(instead_of=backend.token())


@pytest.mark.parametrize("algorithm", ALGORITHMS)
def test_an_assertion_that_was_used_before_is_told(algorithm: str, oidc: Authority, secured: Authority) -> None:
    assert "does not take us for the client; check" in oidc.says(algorithm, twice)
    assert "says that the assertion was used before (jti) (invalid_client 401)" in secured.says(algorithm, twice)


@pytest.mark.parametrize("algorithm", ALGORITHMS)
def test_an_assertion_for_another_audience_is_told(algorithm: str, oidc: Authority, secured: Authority) -> None:
    other = "https://other.example/token"
    assert "does not take us for the client; check" in oidc.says(algorithm, audience=other)
    said = secured.says(algorithm, audience=other)
    assert "says that the assertion is for another audience; set `audience` or `token_url`" in said


@pytest.mark.parametrize("algorithm", ALGORITHMS)
def test_a_scope_that_was_not_granted_is_told(algorithm: str, oidc: Authority, secured: Authority) -> None:
    narrow = f"narrow-{algorithm}"
    wanted = ("system/Patient.rs", "system/*.cruds")
    said = oidc.says(algorithm, client_id=narrow, scopes=("system/*.cruds",))
    assert "system/Patient.rs was not granted, and is needed" in said
    for one in (oidc, secured):
        said = one.says(algorithm, lambda c: c.create(patient("x")), client_id=narrow, scopes=wanted)
        assert "did not grant system/Patient.c, which this needs" in said
    said = secured.says(algorithm, client_id=narrow, scopes=("system/*.cruds",))
    assert "does not grant `scopes` of the settings" in said


@pytest.mark.parametrize("algorithm", ALGORITHMS)
def test_a_scope_that_nobody_knows_is_told(algorithm: str, authority: Authority) -> None:
    said = authority.says(algorithm, scopes=("system/Nonsense.rs", "nonsense/x.y"))
    assert "does not grant `scopes` of the settings" in said or "was not granted, and is needed" in said


def test_a_client_that_is_not_who_it_says_is_told(authority: Authority) -> None:
    assert "does not take us for the client" in authority.says("ES384", key=OTHER)
    assert "does not take us for the client" in authority.says("ES384", client_id="nobody")


# --- requests


@pytest.fixture(params=["hapi", "sekmet"])
def client(request: pytest.FixtureRequest) -> Iterator[FhirClient]:
    """A client of one open server after the other."""
    server: Server = request.getfixturevalue(request.param)
    with FhirClient("ehr", Settings(url=server.base, page=7)) as one:
        yield one


def patient(name: str) -> Json:
    return {
        "resourceType": "Patient",
        "identifier": [{"system": SYSTEM, "value": name}],
        "name": [{"family": "Testperson"}],
    }


def observation(subject: str, number: int, value: bytes = b"72.50") -> Json:
    made = read_object(b'{"resourceType":"Observation","status":"final","valueQuantity":{"value":%b}}' % value)
    return made | {
        "code": {"text": "test"},
        "subject": {"reference": f"Patient/{subject}"},
        "identifier": [{"system": SYSTEM, "value": f"{subject}-{number}"}],
    }


def of(subject: str) -> Callable[[Json], bool]:
    return lambda one: bool(one["subject"]["reference"] == f"Patient/{subject}")


def fresh(client: FhirClient) -> str:
    """The id of a new patient."""
    return client.create(patient(uuid.uuid4().hex)).id


def test_what_is_created_on_a_condition_is_there_once(client: FhirClient) -> None:
    name = uuid.uuid4().hex
    condition = [("identifier", f"{SYSTEM}|{name}")]
    first = client.create(patient(name), if_none_exist=condition)
    second = client.create(patient(name), if_none_exist=condition)
    assert (first.created, second.created, first.id) == (True, False, second.id)
    found = client.search("Patient", condition, lambda one: one["identifier"][0]["value"] == name)
    assert [one["id"] for one in found.matches] == [first.id]


def test_many_who_create_the_same_at_once_create_it_once(hapi: Server) -> None:
    """On HAPI, which answers 409 to those who come second. SEKMET looks and writes apart, and now and then has two."""
    name = uuid.uuid4().hex
    condition = [("identifier", f"{SYSTEM}|{name}")]
    with FhirClient("ehr", Settings(url=hapi.base, connections=8)) as client:
        made = list(several(lambda _: client.create(patient(name), if_none_exist=condition), range(8), 8))
    assert len({one.id for one in made}) == 1


def test_a_version_that_is_not_there_any_more_is_not_overwritten(client: FhirClient) -> None:
    made = client.create(patient(uuid.uuid4().hex))
    stored = client.read("Patient", made.id)
    assert stored.etag
    changed = stored.resource | {"gender": "female"}
    done = client.update(changed, "Patient", made.id, if_match=stored.etag)
    assert (done.created, done.id) == (False, made.id)
    with pytest.raises(Refused) as caught:
        client.update(changed | {"gender": "male"}, "Patient", made.id, if_match=stored.etag)
    assert caught.value.status in (409, 412)
    assert client.read("Patient", made.id).resource["gender"] == "female"


def test_all_pages_of_a_search_are_read(client: FhirClient) -> None:
    subject = fresh(client)
    for number in range(17):
        client.create(observation(subject, number))
    found = client.search("Observation", [("subject", f"Patient/{subject}")], of(subject))
    assert sorted(one["identifier"][0]["value"] for one in found.matches) == sorted(f"{subject}-{n}" for n in range(17))
    assert (found.problems, found.ignored) == ((), ())


def test_what_is_included_comes_beside_what_matches(client: FhirClient) -> None:
    subject = fresh(client)
    client.create(observation(subject, 1))
    found = client.search(
        "Observation",
        [("subject", f"Patient/{subject}"), ("_include", "Observation:subject")],
        of(subject),
        keep_included=lambda one: one["resourceType"] == "Patient",
    )
    assert [one["resourceType"] for one in found.matches] == ["Observation"]
    assert [one["id"] for one in found.included] == [subject]


def test_digits_stay_where_the_server_keeps_them(client: FhirClient, request: pytest.FixtureRequest) -> None:
    made = client.create(observation(fresh(client), 1))
    value = dumps(client.read("Observation", made.id).resource["valueQuantity"]["value"])
    assert value == (b"72.50" if "hapi" in request.node.name else b"72.5")


def test_a_parameter_that_nobody_knows_is_noticed_or_refused(client: FhirClient) -> None:
    subject = fresh(client)
    client.create(observation(subject, 1))
    other = fresh(client)
    client.create(observation(other, 1))
    matched: list[str] = []
    with contextlib.suppress(Refused):
        found = client.search("Observation", [("nonsense", subject)], of(subject))
        matched += [one["subject"]["reference"] for one in found.matches]
        assert (found.ignored, bool(found.problems)) == (("nonsense",), True)
    assert set(matched) <= {f"Patient/{subject}"}


def test_a_transaction_is_answered_entry_by_entry_and_changes_nothing_twice(client: FhirClient) -> None:
    name = uuid.uuid4().hex
    bundle: Json = {
        "resourceType": "Bundle",
        "type": "transaction",
        "entry": [
            {
                "fullUrl": f"urn:uuid:{uuid.uuid4()}",
                "resource": patient(f"{name}-{number}"),
                "request": {"method": "POST", "url": "Patient", "ifNoneExist": f"identifier={SYSTEM}|{name}-{number}"},
            }
            for number in range(3)
        ],
    }
    first, second = client.transaction(bundle), client.transaction(bundle)
    assert [row.created for row in first] == [True] * 3
    assert [row.created for row in second] == [False] * 3
    assert [row.id for row in first] == [row.id for row in second]
    assert all(row.kind == "Patient" and row.id for row in first)


def test_a_transaction_that_is_wrong_leaves_nothing(client: FhirClient) -> None:
    name = uuid.uuid4().hex
    wrong = observation("nobody", 1) | {"code": {"nonsense": 1}, "status": 7}
    bundle: Json = {
        "resourceType": "Bundle",
        "type": "transaction",
        "entry": [
            {"resource": patient(name), "request": {"method": "POST", "url": "Patient"}},
            {"resource": wrong, "request": {"method": "POST", "url": "Observation"}},
        ],
    }
    with pytest.raises(Refused) as caught:
        client.transaction(bundle)
    assert 400 <= caught.value.status < 500
    assert all(one.where.startswith("servers.ehr transaction") for one in caught.value.problems)
    assert client.search("Patient", [("identifier", f"{SYSTEM}|{name}")], lambda one: True).matches == ()


def test_a_file_is_fetched_as_it_was(client: FhirClient) -> None:
    data = bytes(range(256)) * 64
    body: Json = {
        "resourceType": "Binary", "contentType": "application/pdf", "data": base64.b64encode(data).decode()
    }  # fmt: skip
    made = client.create(body)
    sink = io.BytesIO()
    found = client.fetch(f"Binary/{made.id}", sink, limit=1 << 20, accept="application/fhir+json")
    stored = read_object(sink.getvalue())
    assert base64.b64decode(stored["data"]) == data
    assert found.size == len(sink.getvalue())


def test_it_says_of_itself_what_it_can(client: FhirClient) -> None:
    said = client.capabilities()
    assert said is not None
    assert said.fhir_version == "4.0.1"
    assert said.offers("Patient", "create")
    assert {"Patient", "Observation", "ServiceRequest"} <= said.kinds


def test_fhir_xml_is_read_too(hapi: Server) -> None:
    with FhirClient("ehr", Settings(url=hapi.base)) as one:
        made = one.create(patient(uuid.uuid4().hex))
        answer = one.ask("GET", f"Patient/{made.id}", what="read", accept="application/fhir+xml")
        assert resource_of(answer, "x")["name"] == [{"family": "Testperson"}]


@pytest.mark.parametrize("seed", range(3))
def test_through_a_network_that_fails_everything_is_there_once(seed: int, client: FhirClient) -> None:
    name = uuid.uuid4().hex
    with contextlib.ExitStack() as stack:
        proxy = stack.enter_context(FaultyProxy(client.base, seed=seed, rate=0.5, patience=2))
        settings = Settings(url=proxy.base, attempts=8, timeout=1.5, connections=1)
        one = stack.enter_context(FhirClient("ehr", settings, sleep=lambda _: time.sleep(0.01)))
        for number in range(8):
            until_settled(one, f"{name}-{number}")
    for number in range(8):
        there = client.search("Patient", [("identifier", f"{SYSTEM}|{name}-{number}")], lambda _: True)
        assert len(there.matches) == 1
    assert [told for told in proxy.told if told.draw.fault] != []


def until_settled(client: FhirClient, name: str) -> None:
    until = time.monotonic() + 60
    while time.monotonic() < until:
        with contextlib.suppress(Unsettled, Passing):
            assert client.create(patient(name), if_none_exist=[("identifier", f"{SYSTEM}|{name}")]).kind == "Patient"
            return
    raise TimeoutError
