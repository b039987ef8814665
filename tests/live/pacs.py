"""Orthanc as an archive that takes and gives by DICOMweb and DIMSE, and settings that lead to it."""

import contextlib
import json
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec

from tests.adapter.dicomweb.test_tls import certificate
from tests.live.servers import Server, answering, free_port, running

NPI = "http://hl7.org/fhir/sid/us-npi|"


class Pacs(msgspec.Struct, frozen=True):
    """A running Orthanc: its HTTP server, its DIMSE port, and the port at which it looks for us (C-MOVE)."""

    http: Server
    port: int
    own_port: int
    tls: dict[str, Any] = {}

    def settings(self, name: str, recipient: str = "", **more: Any) -> str:
        """A `[pacs.NAME]` table."""
        told: dict[str, Any] = {
            "url": f"{self.http.base}/dicom-web",
            "host": "127.0.0.1",
            "port": self.port,
            "title": "ORTHANC",
            "own_title": "ADAPTER",
            "own_port": self.own_port,
            **self.tls,
            **({"recipient": recipient} if recipient else {}),
            **more,
        }
        return f"[pacs.{name}]\n" + "".join(f"{key} = {json.dumps(value)}\n" for key, value in told.items())

    def store(self, data: bytes) -> int:
        """Put a file in; the status of the answer."""
        return self.http.call("POST", "instances", data, "application/dicom").status

    def content(self) -> dict[str, bytes]:
        """SOP Instance UID -> the file that it keeps."""
        found = {}
        for key in self.http.get("instances").body:
            uid = self.http.get(f"instances/{key}").body["MainDicomTags"]["SOPInstanceUID"]
            with urllib.request.urlopen(f"{self.http.base}/instances/{key}/file", timeout=60) as answer:
                found[uid] = answer.read()
        return found

    def empty(self) -> None:
        """Take everything out."""
        for key in self.http.get("patients").body:
            self.http.call("DELETE", f"patients/{key}")


@contextlib.contextmanager
def orthanc(folder: Path, tls: bool = False) -> Iterator[Pacs]:
    """Orthanc that lets everybody on this machine find, get, move and store.

    With `tls`, DIMSE is by TLS, from and to who has a certificate that the other side trusts (`server`, `client`); the
    files are in the folder, and so are those of one whom nobody trusts (`other`).
    """
    http, port, own = free_port(), free_port(), free_port()
    settings = {
        "Name": "archive",
        "StorageDirectory": str(folder / "db"),
        "IndexDirectory": str(folder / "db"),
        "Plugins": ["/usr/share/orthanc/plugins/libOrthancDicomWeb.so"],
        "HttpPort": http,
        "DicomPort": port,
        "DicomAet": "ORTHANC",
        "RemoteAccessAllowed": False,
        "AuthenticationEnabled": False,
        "UnknownSopClassAccepted": True,
        "DicomAlwaysAllowStore": True,
        "DicomAlwaysAllowFind": True,
        "DicomAlwaysAllowGet": True,
        "DicomAlwaysAllowMove": True,
        "DicomModalities": {"adapter": ["ADAPTER", "127.0.0.1", own]},
        "SaveJobs": False,
        "DefaultEncoding": "Utf8",
        "DicomWeb": {"Enable": True, "Root": "/dicom-web/", "StudiesMetadata": "Full", "SeriesMetadata": "Full"},
    }
    (folder / "db").mkdir(parents=True, exist_ok=True)
    ours: dict[str, Any] = {}
    if tls:
        (public, private), mine, _ = (certificate(folder, name) for name in ("server", "client", "other"))
        ours = {"tls": True, "ca": str(public), "certificate": str(mine[0]), "key": str(mine[1])}
        settings |= {
            "DicomTlsEnabled": True,
            "DicomTlsCertificate": str(public),
            "DicomTlsPrivateKey": str(private),
            "DicomTlsTrustedCertificates": str(mine[0]),
            "DicomTlsRemoteCertificateRequired": True,
            "DicomModalities": {"adapter": {"AET": "ADAPTER", "Host": "127.0.0.1", "Port": own, "UseDicomTls": True}},
        }
    (folder / "orthanc.json").write_text(json.dumps(settings))
    with running(["Orthanc", "orthanc.json"], folder, answering(f"http://127.0.0.1:{http}/system"), 60) as server:
        yield Pacs(server, port, own, ours)
