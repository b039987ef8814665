"""A wrong setting is named by its place, with what may stand there; what stands there is not shown."""

from pathlib import Path
from typing import get_args, get_type_hints

import pytest

from adapter import config
from adapter.config import Settings, load_settings, pacs_named, secret, server_named
from mappings.problems import ProblemError

NAMES = (
    "namespace, ledger, signing_key, trusted_keys, policy, custody, consent_shape, task_shape, claims, target_strict, "
    "log, office, holder, pacs, servers"
)
OFFICE = (
    "must be a table of texts: name, title, phone, email, address, complaints, reviews, disagreements "
    "(lines of address are a list)"
)
WEB = "`url` must be https (or http with `plain_http`), without credentials, query or fragment"
LOGIN = "needs `user` with one of its password, or one token, or none of them"
SERVER = '[servers.a]\nurl = "https://ehr.example/fhir"\n'
TOKEN_URL = "`token_url` must be https (or http with `plain_http`), without credentials or query"
SMART = '`auth` must be "smart" where client_id, client_key or the like are set'
SMART_NEEDS = '`auth` needs `client_id`, `client_key` and `scopes` where it is "smart"'
FAMILIES = "own, us-core, mcode, consent, task, audit"


def problems(folder: Path, text: str) -> list[str]:
    place = folder / "mine.toml"
    place.write_text(text, encoding="utf-8")
    with pytest.raises(ProblemError) as caught:
        load_settings(place, {})
    return [str(found) for found in caught.value.problems]


@pytest.mark.parametrize(
    ("text", "where", "message"),
    [
        ('consent_shape = "Zebulon"', "consent_shape", "must be one of pcf, fast"),
        ("consent_shape = 3", "consent_shape", "must be one of pcf, fast"),
        ('task_shape = "Zebulon"', "task_shape", "must be one of none, cow, bser"),
        ('claims = "own"', "claims", f"must be a list of texts out of {FAMILIES}"),
        ('claims = ["own", "Zebulon"]', "claims[1]", f"must be a list of texts out of {FAMILIES}"),
        ("target_strict = 1", "target_strict", "must be true or false"),
        ('log = "Zebulon"', "log", "must be one of off, info"),
        ("log = true", "log", "must be one of off, info"),
        ('namespace = "Zebulon"', "namespace", "must be a UUID, as a text"),
        ("namespace = 3", "namespace", "must be a UUID, as a text"),
        ("ledger = 2020-01-01", "ledger", "must be a text: a SQLAlchemy URL"),
        ("signing_key = 3", "signing_key", "must be a text: the path of a key file"),
        ('trusted_keys = "Zebulon"', "trusted_keys", "must be a list of texts: the paths of key files"),
        ('trusted_keys = ["a", 3]', "trusted_keys[1]", "must be a list of texts: the paths of key files"),
        ("[office]\nphone = 3", "office.phone", OFFICE),
        ('[office]\nfax = "Zebulon"', "office", OFFICE),
        ('office = "Zebulon"', "office", OFFICE),
        ('[pacs.a]\nurl = "http://zebulon.example/dicom"', "pacs[...]", WEB),
        ('[pacs.a]\nurl = "https://u:zebulon@pacs.example"', "pacs[...]", WEB),
        ('[pacs.a]\nurl = "https://pacs.example/?zebulon"', "pacs[...]", WEB),
        ("[pacs.a]\nport = 104", "pacs[...]", "needs `url` (DICOMweb) or `host` (DIMSE)"),
        ('[pacs.a]\nhost = "h"\nuser = "Zebulon"', "pacs[...]", LOGIN),
        ('[pacs.a]\nhost = "h"\ntoken_env = "Z"\ntoken_file = "z"', "pacs[...]", LOGIN),
        ('[pacs.a]\nhost = "h"\nkey = "z"', "pacs[...]", "`key` needs `certificate`"),
        ('[servers.a]\nurl = "http://ehr.example/fhir"', "servers[...]", WEB),
        ('[servers.a]\nurl = "https://Zebulon:pw@ehr.example/fhir"', "servers[...]", WEB),
        ('[servers.a]\nurl = "https://ehr.example:x/fhir"', "servers[...]", WEB),
        (f'{SERVER}token_url = "http://as.example/token"', "servers[...]", TOKEN_URL),
        (f'{SERVER}auth = "bearer"', "servers[...]", '`auth` must be "bearer" with a `token_file`, and only then'),
        (f'{SERVER}token_file = "t"', "servers[...]", '`auth` must be "bearer" with a `token_file`, and only then'),
        (f'{SERVER}client_id = "Zebulon"', "servers[...]", SMART),
        (f'{SERVER}auth = "smart"\nclient_id = "a"', "servers[...]", SMART_NEEDS),
        (f'{SERVER}key = "z"', "servers[...]", "`key` needs `certificate`"),
        ('ledgr = "Zebulon"', "ledgr", f"is no setting; the settings are {NAMES}"),
        ('[log-in]\nuser = "Zebulon"', "log-in", f"is no setting; the settings are {NAMES}"),
    ],
)
def test_a_wrong_setting_is_named_with_what_it_may_be(text: str, where: str, message: str, tmp_path: Path) -> None:
    assert problems(tmp_path, text) == [f"error: mine.toml $.{where}: {message} [config]"]


def test_every_wrong_setting_is_named(tmp_path: Path) -> None:
    assert problems(tmp_path, 'log = "x"\nkey = "y"\nledger = 1\n') == [
        f"error: mine.toml $.key: is no setting; the settings are {NAMES} [config]",
        "error: mine.toml $.ledger: must be a text: a SQLAlchemy URL [config]",
        "error: mine.toml $.log: must be one of off, info [config]",
    ]


def test_a_name_that_is_no_name_is_not_shown(tmp_path: Path) -> None:
    assert problems(tmp_path, '"a b\\nc" = 1') == [
        f"error: mine.toml: is no setting; the settings are {NAMES} [config]"
    ]


def test_for_every_setting_it_is_known_what_it_may_be() -> None:
    said = {name for name, kind in get_type_hints(Settings).items() if set(get_args(kind)) & {"pcf", "off", "cow"}}
    assert said | set(config._MUST_BE) == set(Settings.__struct_fields__)


def test_settings_that_fit_are_read(tmp_path: Path) -> None:
    place = tmp_path / "mine.toml"
    place.write_text('signing_key = "keys/seal.pem"\ntrusted_keys = ["/a.pem"]\nconsent_shape = "fast"\n', "utf-8")
    read = load_settings(place, {"HOME": "/home/x"})
    assert (read.signing_key, read.trusted_keys) == (tmp_path / "keys/seal.pem", (Path("/a.pem"),))
    assert (read.consent_shape, read.log) == ("fast", "off")
    assert read.ledger == "sqlite:////home/x/.local/state/second-opinion/ledger.sqlite3"


def test_what_is_no_toml_or_not_there_is_told(tmp_path: Path) -> None:
    assert problems(tmp_path, "log = ") == ["error: mine.toml: is not TOML; mend the file [config]"]
    with pytest.raises(
        ProblemError, match=r"^error: nowhere\.toml: cannot be read; name the settings file that exists"
    ):
        load_settings(tmp_path / "nowhere.toml", {})


@pytest.mark.parametrize(
    "field", ['title = "Zebulon-is-too-long"', "port = 0", "timeout = 0", "connections = 65", "zebulon = 1"]
)
def test_a_field_of_an_archive_that_does_not_fit_is_named_without_its_value(field: str, tmp_path: Path) -> None:
    (said,) = problems(tmp_path, f'[pacs.a]\nhost = "pacs.example"\n{field}')
    assert "must be tables, one an archive, of url" in said
    assert "Zebulon" not in said


def test_an_archive_of_this_machine_needs_no_tls(tmp_path: Path) -> None:
    place = tmp_path / "mine.toml"
    place.write_text('[pacs.a]\nurl = "http://127.0.0.1:8042/dicom-web"\nca = "ca.pem"\ntimeout = 5\n')
    found = pacs_named(load_settings(place, {}), "a")
    assert (found.url, found.ca, found.timeout) == ("http://127.0.0.1:8042/dicom-web", tmp_path / "ca.pem", 5.0)


def test_an_archive_that_is_not_there_is_not_found(tmp_path: Path) -> None:
    place = tmp_path / "mine.toml"
    place.write_text('[pacs.b]\nhost = "h"\n[pacs.a]\nhost = "h"\n')
    with pytest.raises(ProblemError, match=r"names no archive of this name under .* those are: a, b"):
        pacs_named(load_settings(place, {}), "c")


def test_a_secret_is_the_first_line_of_its_file_or_the_variable(tmp_path: Path) -> None:
    (tmp_path / "token").write_text("abc\nrest\n")
    assert secret(tmp_path / "token", "", {}) == "abc"
    assert secret(None, "TOKEN", {"TOKEN": " xyz "}) == "xyz"
    assert secret(None, "", {}) == ""


@pytest.mark.parametrize(("file", "variable"), [("absent", ""), ("empty", ""), ("", "ABSENT"), ("", "EMPTY")])
def test_a_secret_that_is_not_there_is_a_problem(file: str, variable: str, tmp_path: Path) -> None:
    (tmp_path / "empty").write_text("\n")
    with pytest.raises(ProblemError, match="holds no secret that can be used"):
        secret(tmp_path / file if file else None, variable, {"EMPTY": " "})


@pytest.mark.parametrize(
    "field",
    ['algorithm = "Zebulon"', "attempts = 0", "page = 0", 'hosts = ["Zebulon/x"]', 'hosts = ["*"]', "zebulon = 1"],
)
def test_a_field_of_a_server_that_does_not_fit_is_named_without_its_value(field: str, tmp_path: Path) -> None:
    (said,) = problems(tmp_path, f"{SERVER}{field}")
    assert "must be tables, one a FHIR server, of url" in said
    assert "Zebulon" not in said


def test_files_of_a_server_lie_beside_the_settings(tmp_path: Path) -> None:
    place = tmp_path / "mine.toml"
    smart = 'auth = "smart"\nclient_id = "c"\nclient_key = "k.jwk"\nscopes = ["system/*.rs"]\ncertificate = "/c.pem"\n'
    place.write_text(f'{SERVER}{smart}hosts = ["files.example:8443", "[::1]:80"]\n')
    found = server_named(load_settings(place, {}), "a")
    assert (found.client_key, found.certificate, found.key) == (tmp_path / "k.jwk", Path("/c.pem"), None)


def test_a_server_that_is_not_there_is_not_found(tmp_path: Path) -> None:
    place = tmp_path / "mine.toml"
    place.write_text(SERVER)
    with pytest.raises(ProblemError, match=r"names no FHIR server of this name under .* those are: a"):
        server_named(load_settings(place, {}), "b")
