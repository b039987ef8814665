"""A DICOMweb server of this process that does what a test tells it to, wrong things among them."""

import json
import re
import socket
import struct
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pydicom

from adapter.config import Pacs
from adapter.dicomweb.client import Client

BOUNDARY = "edge"


class Request:
    """What came: method, path below the root, query and body; and how to answer it (true: it is answered)."""

    def __init__(self, handler: BaseHTTPRequestHandler) -> None:
        parts = urlsplit(handler.path)
        self.handler, self.method = handler, handler.command
        self.path, self.query = parts.path.removeprefix("/dicom-web"), parse_qs(parts.query)
        self.headers = handler.headers
        self.body = handler.rfile.read(int(handler.headers.get("Content-Length", 0)))

    def answer(self, status: int, body: bytes = b"", kind: str = "application/dicom+json", **headers: str) -> bool:
        self.handler.send_response(status)
        named = {"Content-Type": kind, "Content-Length": str(len(body))}
        for name, value in (named | {n.replace("_", "-"): v for n, v in headers.items()}).items():
            self.handler.send_header(name, value)
        self.handler.end_headers()
        self.handler.wfile.write(body)
        return True

    def json(self, value: Any, status: int = 200) -> bool:
        return self.answer(status, json.dumps(value).encode())

    def reset(self) -> bool:
        """Break the connection off without an answer."""
        self.handler.close_connection = True
        self.handler.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.handler.connection.shutdown(socket.SHUT_RDWR)
        return True

    def parts(self, files: list[bytes], cut: int = 0) -> bool:
        """Instances as multipart; with `cut`, that many bytes are missing at its end, and the length says so too."""
        whole = multipart(files)
        kind = f'multipart/related; type="application/dicom"; boundary={BOUNDARY}'
        return self.answer(200, whole[: len(whole) - cut], kind)

    @property
    def sent(self) -> list[bytes]:
        """The instances in a STOW-RS request."""
        boundary = re.search(r"boundary=([\w-]+)", self.headers["Content-Type"])
        assert boundary is not None
        pieces = self.body.split(f"--{boundary[1]}".encode())
        return [piece.split(b"\r\n\r\n", 1)[1].removesuffix(b"\r\n") for piece in pieces[1:-1]]


def multipart(files: list[bytes]) -> bytes:
    """Instances as a multipart body."""
    head = b"--edge\r\nContent-Type: application/dicom\r\n\r\n"
    return b"".join(head + data + b"\r\n" for data in files) + b"--edge--\r\n"


class Archive:
    """Instances by UID, and an answer to everything; a test puts its own `faults` before that.

    A fault takes a request and says whether it has answered it. `log` has (method, path) of all that came.
    """

    def __init__(self) -> None:
        self.files: dict[str, bytes] = {}
        self.faults: list[Callable[[Request], bool]] = []
        self.log: list[tuple[str, str]] = []
        self.lock = threading.Lock()
        self.most = self.now = 0

    def put(self, data: bytes) -> str:
        uid = str(self.header(data).SOPInstanceUID)
        self.files[uid] = data
        return uid

    @staticmethod
    def header(data: bytes) -> pydicom.Dataset:
        return pydicom.dcmread(pydicom.filebase.DicomBytesIO(data), stop_before_pixels=True)

    def handle(self, request: Request) -> None:
        with self.lock:
            self.log.append((request.method, request.path))
            self.now += 1
            self.most = max(self.most, self.now)
            faults = list(self.faults)
        try:
            if not any(fault(request) for fault in faults):
                self._answer(request)
        finally:
            with self.lock:
                self.now -= 1

    def _answer(self, request: Request) -> None:
        if request.method == "POST":
            self._store(request)
        elif request.path == "/studies":
            request.json(self.page(request, [self.row(d, "StudyInstanceUID") for d in self.some(request)]))
        elif request.path.endswith("/instances"):
            study = request.path.split("/")[2]
            found = [self.row(d, "SOPInstanceUID") for d in self.files.values()]
            request.json(self.page(request, [row for row in found if row["0020000D"]["Value"] == [study]]))
        else:
            files = [d for uid, d in self.files.items() if request.path.split("/")[-1] in (uid, self.series(d))]
            _ = request.parts(files) if files else request.answer(404)

    def some(self, request: Request) -> list[bytes]:
        """One file of each study; keys are matched."""
        studies: dict[str, bytes] = {}
        for data in self.files.values():
            header = self.header(data)
            keys = ("PatientID", "AccessionNumber", "StudyInstanceUID")
            if all(request.query.get(key, [header.get(key)]) == [header.get(key)] for key in keys):
                studies.setdefault(str(header.StudyInstanceUID), data)
        return list(studies.values())

    def page(self, request: Request, rows: list[Any]) -> list[Any]:
        first = int(request.query["offset"][0])
        return rows[first : first + int(request.query["limit"][0])]

    def series(self, data: bytes) -> str:
        return str(self.header(data).SeriesInstanceUID)

    def row(self, data: bytes, *_: str) -> dict[str, Any]:
        header = self.header(data)
        tags = {
            "StudyInstanceUID": "0020000D", "SeriesInstanceUID": "0020000E", "SOPInstanceUID": "00080018",
            "PatientID": "00100020", "AccessionNumber": "00080050", "IssuerOfPatientID": "00100021",
            "PatientBirthDate": "00100030",
        }  # fmt: skip
        row: dict[str, Any] = {
            tag: {"vr": "LO", "Value": [str(header.get(key))]} for key, tag in tags.items() if header.get(key)
        }
        if header.get("PatientName"):
            row["00100010"] = {"vr": "PN", "Value": [{"Alphabetic": str(header.PatientName).partition("=")[0]}]}
        return row

    def _store(self, request: Request) -> None:
        uids = [self.put(data) for data in request.sent]
        request.json(stored(uids))


def stored(uids: list[str], failed: dict[str, int] | None = None) -> dict[str, Any]:
    """A STOW-RS answer."""
    return {
        "00081199": {"vr": "SQ", "Value": [{"00081155": {"vr": "UI", "Value": [uid]}} for uid in uids]},
        "00081198": {
            "vr": "SQ",
            "Value": [
                {"00081155": {"vr": "UI", "Value": [uid]}, "00081197": {"vr": "US", "Value": [reason]}}
                for uid, reason in (failed or {}).items()
            ],
        },
    }


@contextmanager
def serving(archive: Archive) -> Iterator[str]:
    """The DICOMweb root of a server with this archive."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            archive.handle(Request(self))

        do_POST = do_GET

        def log_message(self, *_: object) -> None:
            pass

    class Quiet(ThreadingHTTPServer):
        daemon_threads = True

        def handle_error(self, *_: object) -> None:
            pass  # a connection that a test broke off

    server = Quiet(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}/dicom-web"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


class Waits(list[float]):
    """Keeps what was waited for, and waits for nothing."""

    def __call__(self, seconds: float) -> None:
        self.append(seconds)


@contextmanager
def client_of(archive: Archive, **settings: Any) -> Iterator[tuple[Client, Waits]]:
    """A client of a server with this archive, and its waits."""
    waits = Waits()
    with serving(archive) as root:
        client = Client("archive", Pacs(url=root, **({"timeout": 5.0} | settings)), sleep=waits)
        try:
            yield client, waits
        finally:
            client.close()


def once(
    fault: Callable[[Request], Any], when: Callable[[Request], bool] = lambda _: True
) -> Callable[[Request], bool]:
    """A fault that happens the first time only."""
    left = [1]

    def first(request: Request) -> bool:
        if not left or not when(request):
            return False
        left.pop()
        fault(request)
        return True

    return first
