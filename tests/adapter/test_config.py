"""A wrong setting is named by its place, with what may stand there; what stands there is not shown."""

import re
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
OFFICE_NAMES = "the settings are name, title, phone, email, address, complaints, reviews, disagreements"
NOT_TOML = "is not TOML from here on: write NAME = VALUE, texts in double quotes, tables as [NAME], each name once"
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
        ('claims = ["own", "Zebulon"]', "claims[1]", f"must be one of {FAMILIES}"),
        ("target_strict = 1", "target_strict", "must be true or false"),
        ('log = "Zebulon"', "log", "must be one of off, info"),
        ("log = true", "log", "must be one of off, info"),
        ('namespace = "Zebulon"', "namespace", "must be a UUID, as a text"),
        ("namespace = 3", "namespace", "must be a UUID, as a text"),
        ("ledger = 2020-01-01", "ledger", "must be a text: a SQLAlchemy URL"),
        ("signing_key = 3", "signing_key", "must be a text: the path of a key file"),
        ('trusted_keys = "Zebulon"', "trusted_keys", "must be a list of texts: the paths of key files"),
        ('trusted_keys = ["a", 3]', "trusted_keys[1]", "must be a list of texts: the paths of key files"),
        ("[office]\nphone = 3", "office.phone", "must be a text"),
        ("[office]\naddress = [3]", "office.address[0]", "must be a text"),
        ("[office]\naddress = 3", "office.address", OFFICE),
        ('[office]\nfax = "Zebulon"', "office.fax", f"is no setting here; {OFFICE_NAMES}"),
        ('[office]\nphon = "Zebulon"', "office.phon", f"is no setting here; the nearest is `phone`; {OFFICE_NAMES}"),
        (
            '[office]\nlog = "info"',
            "office.log",
            f"is no setting here; `log` stands above the first [table]; {OFFICE_NAMES}",
        ),
        ("[holder]\ncovered_entity = 1", "holder.covered_entity", "must be true or false"),
        ('office = "Zebulon"', "office", OFFICE),
        ('[pacs.a]\nurl = "http://zebulon.example/dicom"', "pacs.a", WEB),
        ('[pacs.a]\nurl = "https://u:zebulon@pacs.example"', "pacs.a", WEB),
        ('[pacs.a]\nurl = "https://pacs.example/?zebulon"', "pacs.a", WEB),
        ("[pacs.a]\nport = 104", "pacs.a", "needs `url` (DICOMweb) or `host` (DIMSE)"),
        ('[pacs.a]\nhost = "h"\nuser = "Zebulon"', "pacs.a", LOGIN),
        ('[pacs.a]\nhost = "h"\ntoken_env = "Z"\ntoken_file = "z"', "pacs.a", LOGIN),
        ('[pacs.a]\nhost = "h"\nkey = "z"', "pacs.a", "`key` needs `certificate`"),
        ('[servers.a]\nurl = "http://ehr.example/fhir"', "servers.a", WEB),
        ('[servers.a]\nurl = "https://Zebulon:pw@ehr.example/fhir"', "servers.a", WEB),
        ('[servers.a]\nurl = "https://ehr.example:x/fhir"', "servers.a", WEB),
        (f'{SERVER}token_url = "http://as.example/token"', "servers.a", TOKEN_URL),
        (f'{SERVER}auth = "bearer"', "servers.a", '`auth` must be "bearer" with a `token_file`, and only then'),
        (f'{SERVER}token_file = "t"', "servers.a", '`auth` must be "bearer" with a `token_file`, and only then'),
        (f'{SERVER}client_id = "Zebulon"', "servers.a", SMART),
        (f'{SERVER}auth = "smart"\nclient_id = "a"', "servers.a", SMART_NEEDS),
        (f'{SERVER}key = "z"', "servers.a", "`key` needs `certificate`"),
        ('ledgr = "Zebulon"', "ledgr", f"is no setting; the nearest is `ledger`; the settings are {NAMES}"),
        ('[log-in]\nuser = "Zebulon"', "log-in", f"is no setting; the settings are {NAMES}"),
    ],
)
def test_a_wrong_setting_is_named_with_what_it_may_be(text: str, where: str, message: str, tmp_path: Path) -> None:
    line = 2 if re.search(r"^office\.|^holder\.", where) else 1
    assert problems(tmp_path, text) == [f"error: mine.toml line {line} $.{where}: {message} [config]"]


def test_every_wrong_setting_is_named(tmp_path: Path) -> None:
    assert problems(tmp_path, 'log = "x"\nkey = "y"\nledger = 1\n') == [
        "error: mine.toml line 1 $.log: must be one of off, info [config]",
        f"error: mine.toml line 2 $.key: is no setting; the settings are {NAMES} [config]",
        "error: mine.toml line 3 $.ledger: must be a text: a SQLAlchemy URL [config]",
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


def test_the_line_is_that_of_the_name_in_its_table(tmp_path: Path) -> None:
    text = (
        "# a\nnamespace = '''\nlog = 1\n'''\nlog = \"off\"\n\n[office] # b\n\"phone\" = 3\n"
        + '[pacs.a]\nhost = "h"\nport = 0\n'
    )
    assert [each.partition(": must")[0] for each in problems(tmp_path, text)] == [
        "error: mine.toml line 2 $.namespace",
        "error: mine.toml line 8 $.office.phone",
        "error: mine.toml line 11 $.pacs.a.port",
    ]
    assert [each.partition(": must")[0] for each in problems(tmp_path, "office = {phone = 1, email = 2}")] == [
        "error: mine.toml line 1 $.office.phone",
        "error: mine.toml line 1 $.office.email",
    ]


def test_what_is_no_toml_or_not_there_is_told(tmp_path: Path) -> None:
    for text, where, said in (
        ("log = ", "", "is not TOML: it ends in the middle of a value or a name; restore its end"),
        ('log = "off"\nZebulon', "", "is not TOML: it ends in the middle of a value or a name; restore its end"),
        ('log = "off"\nzebulon "x"\n', " line 2 column 9", NOT_TOML),
        ('log = "off"\nlog = "Zebulon"\n', " line 2 column 16", NOT_TOML),
        ("\x00Zebulon", " line 1 column 1", NOT_TOML),
    ):
        assert problems(tmp_path, text) == [f"error: mine.toml{where}: {said} [config]"]
    with pytest.raises(ProblemError, match=r"^error: nowhere\.toml: is not there; name the settings file that exists"):
        load_settings(tmp_path / "nowhere.toml", {})
    with pytest.raises(ProblemError, match="cannot be read; it has to be a file that you may read"):
        load_settings(tmp_path, {})
    (tmp_path / "mine.toml").write_bytes(b'log = "off"\n\xff')
    with pytest.raises(ProblemError, match=r"^error: mine\.toml line 2: is not UTF-8; save the file as UTF-8"):
        load_settings(tmp_path / "mine.toml", {})


@pytest.mark.parametrize(
    ("field", "said"),
    [
        (
            'title = "Zebulon-is-too-long"',
            ".title: must be an AE title: 1 to 16 characters without backslash, no blank at either end",
        ),
        ("port = 0", ".port: must be a whole number from 1 to 65535"),
        ("timeout = 0", ".timeout: must be a number above 0 to 3600"),
        ("connections = 65", ".connections: must be a whole number from 1 to 64"),
        ("plain_http = 3", ".plain_http: must be true or false"),
        ("ca = 3", ".ca: must be the path of a file"),
        ('retrieve = "Zebulon"', ".retrieve: must be one of get, move"),
        ("zebulon = 1", ".zebulon: is no setting here; the settings are url, plain_http"),
        ("recipiant = 1", ".recipiant: is no setting here; the nearest is `recipient`; the settings are url"),
    ],
)
def test_a_field_of_an_archive_that_does_not_fit_is_named_without_its_value(
    field: str, said: str, tmp_path: Path
) -> None:
    (told,) = problems(tmp_path, f'[pacs.a]\nhost = "pacs.example"\n{field}')
    assert told.startswith(f"error: mine.toml line 3 $.pacs.a{said}")
    assert "Zebulon" not in told


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


@pytest.mark.parametrize(
    ("file", "variable", "said"),
    [
        ("absent", "", "absent: is not there, and the settings name it for a secret; set it, or mend the settings"),
        ("", "ABSENT", "environment variable ABSENT: is not there, and the settings name it for a secret; set it, or"),
        ("folder", "", "folder: cannot be read; it has to be a file with a secret that you may read"),
        ("empty", "", "empty: holds no secret that can be used; set it, or mend the settings"),
        ("binary", "", "binary: holds no secret that can be used; set it, or mend the settings"),
        ("", "EMPTY", "environment variable EMPTY: holds no secret that can be used; set it, or mend the settings"),
    ],
)
def test_a_secret_that_is_not_there_is_a_problem(file: str, variable: str, said: str, tmp_path: Path) -> None:
    (tmp_path / "empty").write_text("\n")
    (tmp_path / "binary").write_bytes(b"\xffZebulon")
    (tmp_path / "folder").mkdir()
    with pytest.raises(ProblemError, match=f"^error: {re.escape(said)}"):
        secret(tmp_path / file if file else None, variable, {"EMPTY": " "})


@pytest.mark.parametrize(
    "field",
    ['algorithm = "Zebulon"', "attempts = 0", "page = 0", 'hosts = ["Zebulon/x"]', 'hosts = ["*"]', "zebulon = 1"],
)
def test_a_field_of_a_server_that_does_not_fit_is_named_without_its_value(field: str, tmp_path: Path) -> None:
    (said,) = problems(tmp_path, f"{SERVER}{field}")
    assert said.startswith("error: mine.toml line 3 $.servers.a")
    assert re.search(r": must be |: `\w+` must|: is no setting here; ", said)
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
