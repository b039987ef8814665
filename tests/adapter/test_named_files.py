"""What the settings name and is not there is told before it counts."""

from pathlib import Path

from joserfc.jwk import ECKey

from adapter.config import load_settings
from adapter.named_files import unfit
from tests.adapter.cli.command import case, run

ARCHIVE = """[pacs.a]
url = "https://pacs.example/dicom-web"
user = "u"
password_file = "secrets/pacs"
certificate = "client.pem"
ca = "ca.pem"
[pacs.b]
host = "pacs.example"
token_env = "SECOND_OPINION_TEST_NOT_SET"
"""


def found(folder: Path, text: str) -> list[str]:
    place = folder / "mine.toml"
    place.write_text(text, encoding="utf-8")
    return [f"{each.severity}: {each.where}: {each.message.partition(';')[0]}" for each in unfit(load_settings(place))]


def test_files_that_are_not_there_are_told_with_the_setting_that_names_them(tmp_path: Path) -> None:
    (tmp_path / "ca.pem").mkdir()
    unset = "is not there, and the settings name it for a secret"
    text = 'signing_key = "seal.pem"\ntrusted_keys = ["partner.pem"]\n' + ARCHIVE
    assert found(tmp_path, text) == [
        "error: settings $.signing_key (seal.pem): is not there",
        "warning: settings $.trusted_keys[0] (partner.pem): is not there",
        f"warning: settings $.pacs.a.password_file (pacs): {unset}",
        "warning: settings $.pacs.a.certificate (client.pem): is not there",
        "warning: settings $.pacs.a.ca (ca.pem): cannot be read",
        f"warning: settings $.pacs.b.token_env (environment variable SECOND_OPINION_TEST_NOT_SET): {unset}",
    ]


def test_files_of_a_fhir_server(tmp_path: Path) -> None:
    text = '[servers.a]\nurl = "https://ehr.example/fhir"\nauth = "bearer"\ntoken_file = "t"\n'
    assert found(tmp_path, text) == ["warning: settings $.servers.a.token_file (t): is not there"]


def test_files_that_are_as_they_have_to_be(tmp_path: Path) -> None:
    key = ECKey.generate_key("P-384")
    (tmp_path / "seal.pem").write_bytes(key.as_pem(private=True))
    (tmp_path / "partner.pem").write_bytes(key.as_pem(private=False))
    (tmp_path / "t").write_text("abc\n")
    archive = '[pacs.a]\nhost = "h"\ntoken_file = "t"\ncertificate = "t"\n'
    assert found(tmp_path, f'signing_key = "seal.pem"\ntrusted_keys = ["partner.pem"]\n{archive}') == []


def test_check_tells_what_an_export_would_stop_at(tmp_path: Path) -> None:
    place = case(tmp_path, "svc-syndrome")
    done = run(tmp_path, "check", place, SECOND_OPINION_SIGNING_KEY="seal.pem")
    assert (done.code, done.out.splitlines()[0]) == (1, "permit")
    assert done.err.startswith("error: settings $.signing_key (seal.pem): is not there; ")
    (tmp_path / "second-opinion.toml").write_text(ARCHIVE, encoding="utf-8")
    warned = run(tmp_path, "check", place)
    assert (warned.code, warned.err.count("warning: settings $.pacs.")) == (0, 4)
