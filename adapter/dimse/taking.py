"""C-GET and C-MOVE: have instances sent to us, each handed on as a file while it comes."""

import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from itertools import islice
from pathlib import Path
from typing import Any

from adapter.dimse.asking import Image
from adapter.dimse.peer import GET, MAX_CONTEXTS, MOVE, SYNTAXES, UNPACKED, Peer

Take = Callable[[Path], bool]
"""Takes the file of one instance that came; whether it is kept. The file is removed afterwards."""
INCOMING = ".incoming-"
AT_ONCE = 50
"""Instances that one request names."""
_STORED, _NOT_KEPT, _NO_ROOM = 0x0000, 0xC000, 0xA700


def take(peer: Peer, images: Sequence[Image], get: Take, whole_series: bool = False) -> None:
    """Have instances of one series sent; what came is known to `get` alone.

    Raises:
        ProblemError: the peer is away or refuses; what `get` raised.
    """
    from pydicom.dataset import Dataset
    from pynetdicom import build_context, evt

    failed: list[BaseException] = []

    def handle(event: Any) -> int:
        came = Path(event.dataset_path)
        try:
            return _STORED if get(came) else _NOT_KEPT
        except BaseException as error:  # it is raised where it can be caught: not in pynetdicom's thread
            failed.append(error)
            return _NO_ROOM
        finally:
            if (held := getattr(event.request, "_dataset_file", None)) is not None:
                held.close()
            came.unlink(missing_ok=True)  # pynetdicom leaves it after a C-GET, and open

    queries = []
    for names in [[]] if whole_series else list(_lots([one.uid for one in images])):
        query = Dataset()
        query.QueryRetrieveLevel = "IMAGE" if names else "SERIES"
        query.StudyInstanceUID, query.SeriesInstanceUID = images[0].study, images[0].series
        if names:
            query.SOPInstanceUID = names if len(names) > 1 else names[0]
        queries.append(query)
    if peer.pacs.retrieve == "move":
        with peer.receiving(handle), peer.associated([build_context(MOVE, list(UNPACKED))], "C-MOVE") as association:
            for query in queries:
                peer.retrieve(association, query, MOVE, "C-MOVE")
    else:
        classes = _classes(images)
        contexts = [build_context(uid, syntax) for uid in classes for syntax in SYNTAXES]
        chosen = [build_context(GET, list(UNPACKED)), *contexts[: MAX_CONTEXTS - 1]]
        handlers = [(evt.EVT_C_STORE, handle)]
        with peer.associated(chosen, "C-GET", handlers, classes) as association:
            for query in queries:
                peer.retrieve(association, query, GET, "C-GET")
    if failed:
        raise failed[0]


@contextmanager
def received_in(folder: Path | None) -> Iterator[None]:
    """Within this, what comes is written below `folder` (None: where temporary files are), and nothing of it stays.

    pynetdicom leaves what it received where temporary files are, whole or cut off. Of the process: one at a time.
    """
    from pynetdicom import dimse_messages

    module: Any = dimse_messages
    usual = module.NamedTemporaryFile
    with tempfile.TemporaryDirectory(prefix=INCOMING, dir=folder) as place:
        module.NamedTemporaryFile = partial(tempfile.NamedTemporaryFile, dir=place)
        try:
            yield
        finally:
            module.NamedTemporaryFile = usual


def _classes(images: Sequence[Image]) -> list[str]:
    """The SOP classes that are waited for; the usual ones where the archive does not tell them."""
    told = sorted({one.sop_class for one in images} - {""})
    if told and all(one.sop_class for one in images):
        return told[: (MAX_CONTEXTS - 1) // len(SYNTAXES)]
    return ["1.2.840.10008.5.1.4.1.1.2", "1.2.840.10008.5.1.4.1.1.4", "1.2.840.10008.5.1.4.1.1.77.1.6",
            "1.2.840.10008.5.1.4.1.1.1", "1.2.840.10008.5.1.4.1.1.7", "1.2.840.10008.5.1.4.1.1.128"]  # fmt: skip


def _lots(uids: list[str]) -> Iterator[list[str]]:
    rest = iter(uids)
    while lot := list(islice(rest, AT_ONCE)):
        yield lot


def pieces(path: Path) -> Iterator[bytes]:
    """The bytes of a file."""
    with path.open("rb") as stream:
        while chunk := stream.read(1 << 20):
            yield chunk


__all__ = ["pieces", "received_in", "take"]
