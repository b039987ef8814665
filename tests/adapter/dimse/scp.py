"""An archive of this process that speaks DIMSE, and answers as a test tells it to."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from pydicom import dcmread
from pydicom.dataset import Dataset
from pynetdicom import AE, AllStoragePresentationContexts, evt

from adapter.config import Pacs
from adapter.dimse.peer import FIND, GET, SYNTAXES, Peer

VERIFICATION = "1.2.840.10008.1.1"


class Archive:
    """Instances by UID. `statuses` are answers to C-STORE by UID, used up one by one; others are 0000.

    `deaf`: it leaves out the keys of a search; `gives`: what it sends for a C-GET, whatever was asked for; `breaks`: so
    often it breaks a C-GET off after the first instance.
    """

    def __init__(self) -> None:
        self.files: dict[str, Dataset] = {}
        self.statuses: dict[str, list[int]] = {}
        self.stored: list[str] = []
        self.titles: set[str] = set()
        self.find_status = self.get_status = 0x0000
        self.lost = self.deaf = False
        self.gives: list[Dataset] | None = None
        self.breaks = 0
        self.most = self.now = 0

    def store(self, event: Any) -> int:
        self.now += 1
        self.most = max(self.most, self.now)
        try:
            uid = str(event.request.AffectedSOPInstanceUID)
            self.titles.add(event.assoc.requestor.ae_title)
            self.stored.append(uid)
            status = self.statuses[uid].pop(0) if self.statuses.get(uid) else 0x0000
            if status < 0:
                event.assoc.abort()
                return 0xC000
            if status in (0x0000, 0xB000) and not self.lost:
                self.files[uid] = dcmread(event.dataset_path)
                self.files[uid].PixelData  # noqa: B018  # read before the file is gone
            return status
        finally:
            self.now -= 1

    def find(self, event: Any) -> Iterator[tuple[int, Dataset | None]]:
        asked = event.identifier
        if self.find_status:
            yield self.find_status, None
            return
        keys = {"STUDY": "StudyInstanceUID", "SERIES": "SeriesInstanceUID", "IMAGE": "SOPInstanceUID"}
        seen: set[str] = set()
        for found in list(self.files.values()):
            key = str(found[keys[asked.QueryRetrieveLevel]].value)
            wanted = ((e.keyword, e.value) for e in asked if e.value and e.keyword in (*keys.values(), "PatientID"))
            if key not in seen and (self.deaf or all(found.get(name) == value for name, value in wanted)):
                seen.add(key)
                row = Dataset()
                for element in asked:
                    if element.keyword != "QueryRetrieveLevel":
                        setattr(row, element.keyword, found.get(element.keyword))
                yield 0xFF00, row

    def get(self, event: Any) -> Iterator[Any]:
        if self.get_status:
            yield 0
            yield self.get_status, None
            return
        if self.gives is not None:
            yield len(self.gives)
            yield from ((0xFF00, one) for one in self.gives)
            return
        uids = event.identifier.get("SOPInstanceUID")
        several = [uids] if isinstance(uids, str) else list(uids or self.files)
        yield len(several)
        for number, uid in enumerate(several):
            if number and self.breaks:
                self.breaks -= 1
                event.assoc.abort()
                return
            yield 0xFF00, self.files[uid]


@contextmanager
def peer_of(
    archive: Archive, syntaxes: tuple[str, ...] = SYNTAXES, only_stores: bool = False, **settings: Any
) -> Iterator[tuple[Peer, list[float]]]:
    """A peer that leads to a server with this archive, and what was waited for."""
    entity = AE(ae_title="ARCHIVE")
    entity.add_supported_context(VERIFICATION)
    for service in () if only_stores else (FIND, GET):
        entity.add_supported_context(service)
    for context in AllStoragePresentationContexts:
        entity.add_supported_context(str(context.abstract_syntax), list(syntaxes), scu_role=True, scp_role=True)
    entity.require_called_aet = True
    handlers = [(evt.EVT_C_STORE, archive.store), (evt.EVT_C_FIND, archive.find), (evt.EVT_C_GET, archive.get)]
    waits: list[float] = []
    told: dict[str, Any] = {"host": "127.0.0.1", "title": "ARCHIVE", "timeout": 5.0, **settings}
    Peer("archive", Pacs(**told))  # sets how pynetdicom hands files on, for both sides
    server: Any = entity.start_server(("127.0.0.1", 0), block=False, evt_handlers=handlers)  # type: ignore[arg-type]
    try:
        port = server.socket.getsockname()[1]
        yield Peer("archive", Pacs(**{"port": port, **told}), sleep=waits.append), waits
    finally:
        server.shutdown()


__all__ = ["Archive", "peer_of"]
