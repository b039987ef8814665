"""One archive that is spoken to by DIMSE: associations within bounds of time, its answers as Problems.

pynetdicom's own messages quote values of data sets; none is shown, and its log goes nowhere.
"""

import socket
import ssl
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from adapter.config import Pacs
from adapter.quiet import quiet_pydicom
from adapter.transfer.reasons import UNRESOLVED, said_of
from mappings.problems import IssueType, ProblemError, problem, refuse

if TYPE_CHECKING:
    from pynetdicom.association import Association
    from pynetdicom.presentation import PresentationContext

RULE = "dimse"
VERIFICATION = "1.2.840.10008.1.1"
FIND = "1.2.840.10008.5.1.4.1.2.2.1"
MOVE = "1.2.840.10008.5.1.4.1.2.2.2"
GET = "1.2.840.10008.5.1.4.1.2.2.3"
"""Study Root Query/Retrieve Information Model (PS3.4 C.6.2)."""
MAX_CONTEXTS = 128
"""Presentation contexts of one association (PS3.8 9.3.2.2)."""
SYNTAXES = (
    *("1.2.840.10008.1.2.1", "1.2.840.10008.1.2", "1.2.840.10008.1.2.1.99", "1.2.840.10008.1.2.2"),
    *("1.2.840.10008.1.2.4.50", "1.2.840.10008.1.2.4.51", "1.2.840.10008.1.2.4.57", "1.2.840.10008.1.2.4.70"),
    *("1.2.840.10008.1.2.4.80", "1.2.840.10008.1.2.4.81", "1.2.840.10008.1.2.4.90", "1.2.840.10008.1.2.4.91"),
    *("1.2.840.10008.1.2.4.201", "1.2.840.10008.1.2.4.202", "1.2.840.10008.1.2.4.203", "1.2.840.10008.1.2.5"),
    *("1.2.840.10008.1.2.4.100", "1.2.840.10008.1.2.4.102", "1.2.840.10008.1.2.4.103"),
)
"""Transfer syntaxes that are taken as they are (PS3.6 annex A): nothing is decoded on the way."""
UNPACKED = ("1.2.840.10008.1.2.1", "1.2.840.10008.1.2")
"""Transfer syntaxes of queries and their answers: of those that are usual all but the deflated one, which pynetdicom
would inflate whatever its size, and Big Endian."""
_MESSAGES: dict[bool, str] = {
    True: "rejects the association; check `title` and `own_title` in the settings, and that it knows us",
    False: "is away, or broke the association off; check that it runs, `host` and `port`, and try again",
}


_NOT_TAKEN = "does not take this kind of request from us"
_DISTRUSTED = (
    "cannot be trusted, does not trust us, or speaks no TLS: check `tls`, `ca`, `certificate` and `key` in the "
    "settings, and that its certificate is for `host`"
)


class _Socket(ssl.SSLSocket):
    """Tells its context when TLS fails: pynetdicom only logs it."""

    def do_handshake(self, block: bool = False) -> None:
        with self._noticed():
            super().do_handshake(block)

    def recv(self, buflen: int = 1024, flags: int = 0) -> bytes:
        with self._noticed():  # what a server says of our certificate comes after the handshake (RFC 8446 4.4.2)
            return super().recv(buflen, flags)

    def shutdown(self, how: int) -> None:
        try:
            super().shutdown(how)
        except OSError:  # it was never connected; pynetdicom would leave it open
            self.close()
            raise

    @contextmanager
    def _noticed(self) -> Iterator[None]:
        try:
            yield
        except (ssl.SSLWantReadError, ssl.SSLWantWriteError):
            raise
        except ssl.SSLError:
            self.context.failed = True  # type: ignore[attr-defined]
            raise


class _Trust(ssl.SSLContext):
    """TLS to a peer; `failed`: there was none, by what one of the two said of the other."""

    sslsocket_class = _Socket
    failed = False


class Peer:
    """An archive; `name` is what the settings call it.

    Raises:
        ProblemError: the settings give no host, or pynetdicom is not installed.
    """

    def __init__(self, name: str, pacs: Pacs, sleep: Callable[[float], None] = time.sleep) -> None:
        if not pacs.host:
            raise refuse("not-supported", f"pacs.{name}", "has no `host` in the settings: no DIMSE", rule=RULE)
        try:
            from pynetdicom import _config
        except ImportError:
            message = "needs the extra `dimse`: install second-opinion-adapter[dimse]"
            raise refuse("not-supported", f"pacs.{name}", message, rule=RULE) from None
        _config.STORE_SEND_CHUNKED_DATASET = True
        _config.STORE_RECV_CHUNKED_DATASET = True
        _config.LOG_HANDLER_LEVEL = "none"
        _config.LOG_REQUEST_IDENTIFIERS = _config.LOG_RESPONSE_IDENTIFIERS = False
        self.name, self.pacs, self._sleep = name, pacs, sleep
        self.address = f"dicom://{pacs.host}:{pacs.port}/{quote(pacs.title)}"

    @contextmanager
    def associated(
        self,
        contexts: Sequence["PresentationContext"],
        what: str,
        handlers: Sequence[Any] = (),
        receiving: Sequence[str] = (),
    ) -> Iterator["Association"]:
        """An association with these contexts; `receiving` are the SOP classes that the peer sends on it (C-GET).

        Raises:
            ProblemError: it is rejected, or the peer is away (transient).
        """
        from pynetdicom import build_role, evt

        entity, tls = self._entity(), self._tls() if self.pacs.tls else None
        options: dict[str, Any] = {"tls_args": (tls, self.pacs.host)} if tls else {}
        try:
            association = entity.associate(
                self.pacs.host,
                self.pacs.port,
                contexts=list(contexts),
                ae_title=self.pacs.title,
                evt_handlers=[(evt.EVT_CONN_OPEN, _at_once), *handlers],
                ext_neg=[build_role(uid, scp_role=True) for uid in receiving],
                **options,
            )
        except socket.gaierror:
            raise self.problem("transient", UNRESOLVED.format("host"), what) from None
        if not association.is_established:
            if tls is not None and tls.failed:
                raise self.problem("security", _DISTRUSTED, what)
            answer = association.acceptor.primitive
            if getattr(answer, "result", None) == 0 and not association.accepted_contexts:
                raise self.problem("not-supported", _NOT_TAKEN, what)
            final = association.is_rejected and getattr(answer, "result", None) == 1
            raise self.problem("forbidden" if final else "transient", _MESSAGES[final], what)
        try:
            yield association
        finally:
            if association.is_established:
                association.release()
            else:
                association.abort()

    def _entity(self) -> Any:
        from pynetdicom import AE

        entity = AE(ae_title=self.pacs.own_title)
        for name in ("acse_timeout", "dimse_timeout", "network_timeout", "connection_timeout"):
            setattr(entity, name, self.pacs.timeout)
        return entity

    def _tls(self) -> _Trust:
        context = _Trust(ssl.PROTOCOL_TLS_CLIENT)
        self._known(context, ssl.Purpose.SERVER_AUTH)
        return context

    def _known(self, context: ssl.SSLContext, purpose: ssl.Purpose) -> None:
        """Whom we trust and who we are, by the files of the settings."""
        context.minimum_version = ssl.TLSVersion.TLSv1_2
        try:
            if self.pacs.ca:
                context.load_verify_locations(self.pacs.ca)
            else:
                context.load_default_certs(purpose)
            if self.pacs.certificate:
                context.load_cert_chain(self.pacs.certificate, self.pacs.key)
        except OSError:  # SSLError is one: a file that is not there, or no PEM
            message = "cannot be asked: `ca`, `certificate` or `key` of the settings cannot be read"
            raise self.problem("not-found", message) from None

    @contextmanager
    def receiving(self, handle: Callable[[Any], int]) -> Iterator[None]:
        """Listen for what the peer sends (C-MOVE), as long as the block runs; from its AE title only.

        Raises:
            ProblemError: the port is taken.
        """
        from pynetdicom import AllStoragePresentationContexts, evt

        entity = self._entity()
        entity.require_calling_aet = [self.pacs.title]
        entity.require_called_aet = True
        entity.maximum_associations = self.pacs.connections
        for context in AllStoragePresentationContexts:
            entity.add_supported_context(context.abstract_syntax, list(SYNTAXES))
        place = "127.0.0.1" if self.pacs.host in ("127.0.0.1", "localhost") else ""
        tls = self._serving() if self.pacs.tls else None
        handlers = [(evt.EVT_CONN_OPEN, _at_once), (evt.EVT_C_STORE, handle)]
        try:
            server = entity.start_server(
                (place, self.pacs.own_port), block=False, evt_handlers=handlers, ssl_context=tls
            )
        except OSError:
            message = "cannot send to us: `own_port` of the settings is taken, or may not be listened on"
            raise self.problem("conflict", message) from None
        try:
            yield
        finally:
            server.shutdown()

    def _serving(self) -> ssl.SSLContext:
        """What comes by C-MOVE comes by TLS too, from who has a certificate that we trust."""
        if not self.pacs.certificate:
            raise self.problem("security", "sends by TLS, and that needs `certificate` and `key` of ours")
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self._known(context, ssl.Purpose.CLIENT_AUTH)
        context.verify_mode = ssl.CERT_REQUIRED
        return context

    def echo(self) -> None:
        """Ask whether it is there and lets us speak (C-ECHO).

        Raises:
            ProblemError: it is not, or does not.
        """
        from pynetdicom import build_context

        with self.associated([build_context(VERIFICATION)], "C-ECHO") as association:
            self.check(association.send_c_echo(), "C-ECHO")

    def find(self, level: str, keys: dict[str, str]) -> list[Any]:
        """What it lists (C-FIND): data sets with the keys that are named; those with a value are matched.

        Raises:
            ProblemError: it is away, or refuses.
        """
        from pydicom.dataset import Dataset
        from pynetdicom import build_context

        query = Dataset()
        if not all(value.isascii() for value in keys.values()):
            query.SpecificCharacterSet = "ISO_IR 192"
        query.QueryRetrieveLevel = level
        with quiet_pydicom():
            for keyword, value in keys.items():
                setattr(query, keyword, value)
        found = []
        with self.associated([build_context(FIND, list(UNPACKED))], "C-FIND") as association, quiet_pydicom():
            for status, row in self._safely(lambda: association.send_c_find(query, FIND), "C-FIND"):
                if self.check(status, "C-FIND") in (0xFF00, 0xFF01) and row is not None:
                    found.append(row)
        return found

    def _safely(self, ask: Callable[[], Iterator[Any]], what: str) -> Iterator[Any]:
        """Its answers; that it does not take the kind of request is a Problem."""
        try:
            yield from ask()
        except (ValueError, RuntimeError):
            raise self.problem("not-supported", _NOT_TAKEN, what) from None

    def retrieve(self, association: "Association", query: Any, model: str, what: str) -> None:
        """Run a C-GET or C-MOVE to its end; what came is seen by who receives it.

        Raises:
            ProblemError: the peer is away, or refuses it all.
        """
        with quiet_pydicom():
            if model == MOVE:
                answers = self._safely(lambda: association.send_c_move(query, self.pacs.own_title, MOVE), what)
            else:
                answers = self._safely(lambda: association.send_c_get(query, GET), what)
            for status, _ in answers:
                number = self.number(status, what)
                if number == 0xA801:
                    message = "does not know `own_title` as a place to send to; have it entered there"
                    raise self.problem("not-found", message, what)
                if number not in (0x0000, 0xFF00, 0xB000, 0xA702):  # those name what failed, and that is counted here
                    self.check(status, what)

    def number(self, status: Any, what: str) -> int:
        """The status of an answer; that there was none is a Problem (transient)."""
        if "Status" not in status:
            raise self.problem("transient", _MESSAGES[False], what)
        return int(status.Status)

    def check(self, status: Any, what: str) -> int:
        """The status of an answer that is success, pending or a warning; anything else is a Problem."""
        number = self.number(status, what)
        if number in (0x0000, 0xFF00, 0xFF01) or number >> 12 == 0xB:
            return number
        code, words = said_of(number)
        raise self.problem(code, f"refuses: {words}", what)

    def wait(self, attempt: int) -> None:
        """Wait before another attempt, twice as long as the last time."""
        self._sleep(min(0.5 * 2**attempt, 30.0))

    def problem(self, code: IssueType, message: str, what: str = "") -> ProblemError:
        """Something about this peer."""
        where = f"pacs.{self.name} {what}".strip()
        return ProblemError(problem(code, where, message, rule=RULE))


def _at_once(event: Any) -> None:
    """Send small messages at once: without this every instance waits for an acknowledgement that is held back."""
    connection = event.assoc.dul.socket
    if connection is not None and connection.socket is not None:
        connection.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)


__all__ = ["GET", "MAX_CONTEXTS", "MOVE", "SYNTAXES", "UNPACKED", "Peer"]
