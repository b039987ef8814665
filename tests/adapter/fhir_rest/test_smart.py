"""Tokens: asked for with an assertion of its own each time, used until shortly before their end, never shown."""

import datetime as dt
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from joserfc import jwt
from joserfc.jwk import ECKey, RSAKey

from adapter.fhir_rest import FhirClient, Unsettled
from adapter.fhir_rest.discovery import OAUTH_URIS
from adapter.fhir_rest.scopes import granted
from adapter.servers import Server
from adapter.transfer.web import Passing
from mappings.fhir.wire import Json, dumps
from mappings.problems import ProblemError
from tests.adapter.fhir_server import NOW, Request, Script, Step, gives, searchset, serving

PATIENT: Json = {"resourceType": "Patient", "id": "p1"}
JSON = "application/json"
EC, RSA = ECKey.generate_key("P-384"), RSAKey.generate_key(2048)
TOKEN = "/token"


def key_file(folder: Path, data: bytes, mode: int = 0o600) -> Path:
    place = folder / "client.key"
    place.write_bytes(data)
    place.chmod(mode)
    return place


def token(value: str = "Rosebud.1", scope: str | None = "system/*.cruds", **more: Any) -> Json:
    said = {"access_token": value, "token_type": "bearer", "expires_in": 300, "scope": scope} | more
    return {name: one for name, one in said.items() if one is not None}


def tokens(*said: Json) -> list[Step]:
    return [gives(200, one, JSON) for one in said]


class Smart:
    """A server with a token endpoint, and a client of it whose clock is set by the test."""

    def __init__(self, folder: Path) -> None:
        self.script = Script().on("GET", "Patient/p1", gives(200, PATIENT)).on("POST", TOKEN, *tokens(token()))
        self.time = NOW
        self.waits: list[float] = []
        self.folder = folder
        self.key = EC.as_pem(private=True)

    @contextmanager
    def client(self, **settings: Any) -> Iterator[FhirClient]:
        with serving(self.script) as base:
            named = {"token_url": base.replace("/fhir", TOKEN), "scopes": ("system/*.rs", "system/Task.cu")} | settings
            server = Server(url=base, auth="smart", client_id="us", client_key=key_file(self.folder, self.key), **named)
            with FhirClient("ehr", server, now=lambda: self.time, sleep=self.waits.append) as client:
                yield client

    def fails(self, act: Callable[[FhirClient], Any] | None = None, **settings: Any) -> str:
        """What a read says that fails; nothing in it is a secret."""
        with pytest.raises(ProblemError) as caught, self.client(**settings) as client:
            (act or (lambda c: c.read("Patient", "p1")))(client)
        said = str(caught.value)
        assert not re.search(r"Rosebud|127\.0\.0\.1|eyJ|PRIVATE", said)
        return said

    def assertions(self) -> list[dict[str, str]]:
        return [dict(one.form) for one in self.script.log if one.path == TOKEN]


@pytest.fixture
def smart(tmp_path: Path) -> Smart:
    return Smart(tmp_path)


# --- the assertion


@pytest.mark.parametrize(("algorithm", "key"), [("ES384", EC), ("RS384", RSA)])
def test_an_assertion_says_who_we_are_to_whom_and_for_how_long(algorithm: str, key: Any, smart: Smart) -> None:
    smart.key = key.as_pem(private=True)
    with smart.client(algorithm=algorithm, key_id="k1") as client:
        client.read("Patient", "p1")
        place = client.server.token_url
    (form,) = smart.assertions()
    found = jwt.decode(form["client_assertion"], key, algorithms=[algorithm])
    assert found.header == {"alg": algorithm, "typ": "JWT", "kid": "k1"}
    jti = found.claims.pop("jti")
    assert found.claims == {"iss": "us", "sub": "us", "aud": place, "exp": int(NOW) + 240}
    assert len(jti) >= 22
    assert form["grant_type"] == "client_credentials"
    assert form["scope"] == "system/*.rs system/Task.cu"
    assert form["client_assertion_type"] == "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
    assert smart.script.log[-1].headers["Authorization"] == "Bearer Rosebud.1"
    assert smart.script.log[0].headers["Authorization"] is None


def test_an_assertion_may_be_for_another_audience(smart: Smart) -> None:
    with smart.client(audience="https://as.example") as client:
        client.read("Patient", "p1")
    assert jwt.decode(smart.assertions()[0]["client_assertion"], EC, algorithms=["ES384"]).claims["aud"] == (
        "https://as.example"
    )


def jwk(key: Any, **more: str) -> dict[str, Any]:
    return dict(key.as_dict(private=True), **more)


@pytest.mark.parametrize(
    ("data", "settings", "kid"),
    [
        (dumps(jwk(EC, kid="a")), {}, "a"),
        (dumps({"keys": [jwk(RSA, kid="a"), jwk(EC, kid="b")]}), {"key_id": "b"}, "b"),
        (dumps({"keys": [jwk(EC, kid="c")]}), {}, "c"),
        (EC.as_pem(private=True), {}, None),
    ],
)
def test_a_key_may_be_kept_in_several_forms(
    data: bytes, settings: dict[str, str], kid: str | None, smart: Smart
) -> None:
    smart.key = data
    with smart.client(**settings) as client:
        client.read("Patient", "p1")
    header = jwt.decode(smart.assertions()[0]["client_assertion"], EC, algorithms=["ES384"]).header
    assert header.get("kid") == kid


@pytest.mark.parametrize(
    ("data", "settings"),
    [
        (b"Rosebud", {}),
        (b"", {}),
        (b'{"keys":[]}', {}),
        (b'{"kty":"Rosebud"}', {}),
        (EC.as_pem(private=False), {}),
        (ECKey.generate_key("P-256").as_pem(private=True), {}),
        (RSA.as_pem(private=True), {}),
        (EC.as_pem(private=True), {"algorithm": "RS384"}),
        (dumps({"keys": [jwk(EC, kid="a"), jwk(EC, kid="b")]}), {}),
        (dumps({"keys": [jwk(EC, kid="a")]}), {"key_id": "z"}),
    ],
)
def test_a_key_that_does_not_fit_is_refused_before_anything_is_asked(
    data: bytes, settings: dict[str, Any], smart: Smart
) -> None:
    smart.key = data
    assert "client.key: holds no private key that" in smart.fails(**settings)
    assert smart.script.log == []


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o660])
def test_a_secret_that_others_can_read_is_refused(mode: int, tmp_path: Path) -> None:
    place = key_file(tmp_path, b"Rosebud", mode)
    for settings in (
        {"auth": "bearer", "token_file": place},
        {"auth": "smart", "client_id": "a", "client_key": place, "scopes": ("system/*.rs",)},
    ):
        with pytest.raises(ProblemError, match=r"client\.key: is a secret that others can read; .*chmod 600"):
            FhirClient("ehr", Server(url="https://a.example", **settings))  # type: ignore[arg-type]


@pytest.mark.parametrize("held", [b"", b"\n", b"Rose bud\n", "Rosebüd\n".encode(), b"a\x07\n"])
def test_a_token_that_is_none_is_refused(held: bytes, tmp_path: Path) -> None:
    with pytest.raises(ProblemError, match=r"client\.key: holds no token that can be used"):
        FhirClient("ehr", Server(url="https://a.example", auth="bearer", token_file=key_file(tmp_path, held)))


def test_a_secret_that_is_not_there_is_told(tmp_path: Path) -> None:
    with pytest.raises(ProblemError, match="absent: cannot be read; name the file that holds it"):
        FhirClient("ehr", Server(url="https://a.example", auth="bearer", token_file=tmp_path / "absent"))


def test_a_static_token_is_sent(tmp_path: Path) -> None:
    script = Script().on("GET", "Patient/p1", gives(200, PATIENT))
    with serving(script) as base:
        server = Server(url=base, auth="bearer", token_file=key_file(tmp_path, b"abc\nmore\n"))
        with FhirClient("ehr", server) as client:
            client.read("Patient", "p1")
    assert script.log[0].headers["Authorization"] == "Bearer abc"


# --- a token's life


def test_a_token_is_used_until_shortly_before_its_end(smart: Smart) -> None:
    smart.script.on("POST", TOKEN, *tokens(token("one"), token("two")))
    used = []
    with smart.client() as client:
        for passed in (0, 269, 270, 271):
            smart.time = NOW + passed
            client.read("Patient", "p1")
            used.append(smart.script.log[-1].headers["Authorization"])
    assert used == ["Bearer one", "Bearer one", "Bearer two", "Bearer two"]
    first, second = (jwt.decode(one["client_assertion"], EC, algorithms=["ES384"]) for one in smart.assertions())
    assert first.claims["jti"] != second.claims["jti"]
    assert second.claims["exp"] == int(NOW) + 270 + 240


@pytest.mark.parametrize("life", [None, 60, "60", "Rosebud", -1, True, 1.5])
def test_a_token_of_unknown_life_is_not_kept_long(life: Any, smart: Smart) -> None:
    smart.script.on("POST", TOKEN, *tokens(token(expires_in=life)))
    with smart.client() as client:
        for passed in (0, 53, 54):
            smart.time = NOW + passed
            client.read("Patient", "p1")
    assert len(smart.assertions()) == 2


def test_a_token_that_is_turned_away_is_renewed_once(smart: Smart) -> None:
    smart.script.on("POST", TOKEN, *tokens(token("one"), token("two")))
    smart.script.on("GET", "Patient/p1", gives(401), gives(200, PATIENT))
    with smart.client() as client:
        client.read("Patient", "p1")
    asked = [one.headers["Authorization"] for one in smart.script.log if one.method == "GET"]
    assert asked == ["Bearer one", "Bearer two"]


def test_a_second_no_is_a_no(smart: Smart) -> None:
    smart.script.on("GET", "Patient/p1", gives(401))
    assert "asks to log in; check `auth`" in smart.fails()
    assert len(smart.assertions()) == 2


def test_a_write_that_was_turned_away_is_sent_once_more(smart: Smart) -> None:
    smart.script.on("POST", "Task", gives(401), gives(201))
    with smart.client() as client:
        assert client.create({"resourceType": "Task"}).created


def test_several_threads_ask_for_one_token(smart: Smart) -> None:
    from adapter.transfer.workers import several

    with smart.client() as client:
        assert len(list(several(lambda _: client.read("Patient", "p1"), range(12), 6))) == 12
    assert len(smart.assertions()) == 1


# --- what a token endpoint says


def refused(error: str, description: str = "", status: int = 400, **headers: str) -> Step:
    body = {"error": error, "error_description": f"{description} Rosebud"}

    def step(request: Request) -> None:
        request.answer(status, body, JSON, **headers)

    return step


@pytest.mark.parametrize(
    ("step", "words"),
    [
        (refused("invalid_client", "client authentication failed", 401), "does not take us for the client; check "),
        (refused("invalid_client", "assertion has expired", 401), "not valid at this time; set the clocks right"),
        (refused("invalid_client", "exp too far in the future", 401), "not valid at this time; set the clocks right"),
        (refused("invalid_client", "jti already used", 401), "says that the assertion was used before (jti)"),
        (refused("invalid_client", "Replayed token", 401), "says that the assertion was used before (jti)"),
        (refused("invalid_grant", "invalid audience"), "is for another audience; set `audience` or `token_url`"),
        (refused("invalid_scope"), "does not grant `scopes` of the settings; ask its operator"),
        (refused("unauthorized_client"), "does not let this client have tokens in this way"),
        (refused("unsupported_grant_type"), "does not know client_credentials"),
        (refused("Rosebud"), "gives no token (status 400)"),
        (gives(200, b"<html>Rosebud</html>", "text/html"), "answers with no bearer token; check `token_url`"),
        (gives(404, b"<html>Rosebud</html>", "text/html"), "something other than a token (status 404)"),
        (gives(302, Location="https://x.example/Rosebud"), "something other than a token (status 302)"),
        (gives(200, b'{"access_token":"Rosebud', JSON), "answers with no bearer token"),
        (gives(200, token(token_type="mac"), JSON), "answers with no bearer token"),
        (gives(200, token("Rose bud"), JSON), "answers with no bearer token"),
        (gives(200, token("Rosebud\r\nX: y"), JSON), "answers with no bearer token"),
        (gives(200, token(access_token=None), JSON), "answers with no bearer token"),
    ],
)
def test_what_a_token_endpoint_says_is_said_in_our_words(step: Step, words: str, smart: Smart) -> None:
    smart.script.on("POST", TOKEN, step)
    said = smart.fails()
    assert said.startswith("error: servers.ehr token: ")
    assert words in said
    assert smart.waits == []


@pytest.mark.parametrize(("off", "words"), [(-200, "behind"), (200, "ahead")])
def test_clocks_that_differ_are_named(off: int, words: str, smart: Smart) -> None:
    date = dt.datetime.fromtimestamp(NOW - off, dt.UTC).strftime("%a, %d %b %Y %H:%M:%S GMT")
    smart.script.on("POST", TOKEN, refused("invalid_client", "", 401, Date=date))
    assert f"; our clock is 200 s {words} (invalid_client 401)" in smart.fails()


def test_clocks_that_agree_are_not_named(smart: Smart) -> None:
    date = dt.datetime.fromtimestamp(NOW + 59, dt.UTC).strftime("%a, %d %b %Y %H:%M:%S GMT")
    smart.script.on("POST", TOKEN, refused("invalid_client", "", 401, Date=date))
    assert "our clock" not in smart.fails()


def test_a_token_endpoint_that_is_busy_is_tried_again_with_a_new_assertion(smart: Smart) -> None:
    smart.script.on("POST", TOKEN, gives(503), lambda r: r.reset(), *tokens(token()))
    with smart.client() as client:
        client.read("Patient", "p1")
    sent = [jwt.decode(one["client_assertion"], EC, algorithms=["ES384"]).claims["jti"] for one in smart.assertions()]
    assert (len(set(sent)), smart.waits) == (3, [0.5, 1.0])


def test_a_write_that_got_no_token_was_not_sent(smart: Smart) -> None:
    smart.script.on("POST", TOKEN, gives(503))
    with smart.client(attempts=2) as client, pytest.raises(Passing) as caught:
        client.create({"resourceType": "Task"})
    assert not isinstance(caught.value, Unsettled)
    assert "gives no token now (status 503); try again" in str(caught.value)
    assert len(smart.assertions()) == 2


# --- what was granted


def test_what_was_granted_is_looked_at_before_anything_is_sent(smart: Smart) -> None:
    smart.script.on("POST", TOKEN, *tokens(token(scope="system/Patient.rs system/Task.c")))
    acts: list[Callable[[FhirClient], Any]] = [
        lambda c: c.read("Observation", "o1"),
        lambda c: c.search("Observation", [], lambda one: True),
        lambda c: c.create({"resourceType": "Patient"}),
        lambda c: c.update({"resourceType": "Task", "id": "1"}, "Task", "1"),
        lambda c: c.update_where({"resourceType": "Task"}, [("a", "b")]),
        lambda c: c.transaction(
            {
                "resourceType": "Bundle",
                "type": "transaction",
                "entry": [{"resource": PATIENT, "request": {"method": "PUT", "url": "Patient/p1"}}],
            }
        ),
        lambda c: c.fetch("Binary/b1", None, limit=1),  # type: ignore[arg-type]
    ]
    said = [smart.fails(act).partition("did not grant ")[2].partition(",")[0] for act in acts]
    assert said == [
        "system/Observation.r",
        "system/Observation.s",
        "system/Patient.c",
        "system/Task.u",
        "system/Task.u",
        "system/Patient.u",
        "system/Binary.r",
    ]
    assert {one.path for one in smart.script.log} == {TOKEN}


@pytest.mark.parametrize("scope", [None, "", "openid", "patient/Patient.rs user/*.cruds", "system/Patient.Rosebud"])
def test_a_token_that_names_no_scope_allows_nothing(scope: str | None, smart: Smart) -> None:
    smart.script.on("POST", TOKEN, *tokens(token(scope=scope)))
    assert "did not grant system/Patient.r, which this needs" in smart.fails()


def test_all_that_is_needed_is_asked_for_at_once(smart: Smart) -> None:
    smart.script.on("POST", TOKEN, *tokens(token(scope="system/Patient.r system/Observation.rs?category=laboratory")))
    wanted = [("Patient", "rs"), ("Observation", "rs"), ("Task", "cu")]
    said = smart.fails(lambda c: c.need(wanted))
    assert [
        part.partition(" was not granted, and is needed; ask its operator")[0] for part in said.split("; error: ")
    ] == [
        "error: servers.ehr scopes: system/Patient.s",
        "servers.ehr scopes: system/Task.cu",
    ]
    with smart.client() as client:
        (warning,) = client.need([("Observation", "rs"), ("Patient", "r")])
    assert str(warning) == (
        "warning: servers.ehr scopes: system/Observation.rs is granted for a part alone [fhir.rest]"
    )


def test_where_no_scopes_are_nothing_is_needed() -> None:
    with FhirClient("ehr", Server(url="https://a.example")) as client:
        assert client.need([("Patient", "cruds")]) == ()


@pytest.mark.parametrize(
    ("scopes", "kind", "letters", "missing"),
    [
        ("system/Patient.read", "Patient", "cruds", "cud"),
        ("system/Patient.write", "Patient", "cruds", "rs"),
        ("system/*.*", "Task", "cruds", ""),
        ("system/*.rs", "Task", "rs", ""),
        ("system/Task.rs system/Task.cu", "Task", "crus", ""),
        ("system/Task.sr", "Task", "r", "r"),
        ("system/Task.", "Task", "r", "r"),
        ("system/Tas.rs", "Task", "r", "r"),
        ("system/Task.rs?status=requested", "Task", "rs", ""),
    ],
)
def test_scopes_of_both_versions_are_understood(scopes: str, kind: str, letters: str, missing: str) -> None:
    assert granted(scopes).missing(kind, letters) == missing


# --- discovery


def configuration(place: str | None = None, **more: Any) -> Callable[[Script], Step]:
    def made(script: Script) -> Step:
        url = (place or "BASE").replace("BASE", script.base.removesuffix("/fhir") + TOKEN)
        return lambda request: request.answer(200, {"token_endpoint": url} | more, JSON)

    return made


def statement(script: Script) -> Step:
    inner = [
        {"url": "authorize", "valueUri": "https://Rosebud.example"},
        {"url": "token", "valueUri": script.base.removesuffix("/fhir") + TOKEN},
    ]
    rest = [{"mode": "server", "security": {"extension": [{"url": OAUTH_URIS, "extension": inner}]}}]
    return lambda request: request.answer(200, {"resourceType": "CapabilityStatement", "rest": rest})


WELL_KNOWN = ".well-known/smart-configuration"


def test_the_token_endpoint_is_found_in_the_smart_configuration(smart: Smart) -> None:
    with smart.client(token_url="") as client:
        smart.script.on("GET", WELL_KNOWN, configuration()(smart.script))
        client.read("Patient", "p1")
        client.read("Patient", "p1")
    assert [one.path for one in smart.script.log] == [WELL_KNOWN, TOKEN, "Patient/p1", "Patient/p1"]


@pytest.mark.parametrize("step", [gives(404), gives(401), gives(200, b"<html/>", "text/html"), gives(200, b"{}", JSON)])
def test_else_it_is_found_in_the_metadata(step: Step, smart: Smart) -> None:
    with smart.client(token_url="") as client:
        smart.script.on("GET", WELL_KNOWN, step).on("GET", "metadata", statement(smart.script))
        client.read("Patient", "p1")
    assert [one.path for one in smart.script.log] == [WELL_KNOWN, "metadata", TOKEN, "Patient/p1"]


def test_what_the_settings_name_is_not_asked_for(smart: Smart) -> None:
    with smart.client() as client:
        client.read("Patient", "p1")
    assert [one.path for one in smart.script.log] == [TOKEN, "Patient/p1"]


def test_a_server_that_names_no_token_endpoint_is_told(smart: Smart) -> None:
    assert "names no token endpoint, neither in its smart-configuration nor its metadata" in smart.fails(token_url="")


@pytest.mark.parametrize(
    "place", ["http://as.Rosebud.example/token", "Rosebud", "ftp://a.example", "https://u:p@a.example/"]
)
def test_a_token_endpoint_that_is_not_to_be_trusted_is_not_asked(place: str, smart: Smart) -> None:
    smart.script.on("GET", WELL_KNOWN, configuration(place)(smart.script))
    assert "names a token endpoint without https, or no URL" in smart.fails(token_url="")


@pytest.mark.parametrize(
    "more",
    [
        {"token_endpoint_auth_methods_supported": ["client_secret_basic"]},
        {"token_endpoint_auth_signing_alg_values_supported": ["RS384"]},
    ],
)
def test_a_server_that_does_not_take_our_way_is_told(more: Json, smart: Smart) -> None:
    smart.script.on("GET", WELL_KNOWN, configuration(**more)(smart.script))
    assert "offers no tokens for assertions by ES384; check `algorithm`" in smart.fails(token_url="")


# --- secrets are not shown


def test_nothing_that_is_printed_shows_a_secret(smart: Smart) -> None:
    with smart.client() as client:
        assert client.core.backend is not None
        held = client.core.backend.token()
        shown = f"{held!r} {held} {client.core.backend._key!r} {client.server!r} {searchset()}"
    assert "Rosebud" not in shown
    assert "PRIVATE" not in shown
