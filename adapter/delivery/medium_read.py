"""A medium as it comes back: one volume, or the folder of all of them."""

import re
from pathlib import Path

import msgspec

from adapter.delivery.manifest import LIST, MANIFEST

CASE = "CASE/CASE.ZIP"
_FIRST = re.compile(rb"[^\r\n]* VOLUME ([1-9][0-9]{0,4}) OF ([1-9][0-9]{0,4})\r?\n")


class Read(msgspec.Struct, frozen=True, kw_only=True):
    """A volume: where it lies, what it is called in messages ("" where it alone was named), which it is of how many.

    `number` and `of` are what its README.TXT says; 0 where that says nothing.
    """

    folder: Path
    name: str
    number: int
    of: int

    def place(self, path: str) -> str:
        """A place on it, as messages name it."""
        return f"{self.name}/{path}" if self.name else path


def volumes_of(tree: Path) -> tuple[Read, ...]:
    """The volumes that a folder is or holds, by their numbers; none where it is a case bundle or something else."""
    if (tree / MANIFEST).is_file():
        return ()
    if (tree / LIST).is_file():
        return (_read(tree, ""),)
    found = (_read(folder, folder.name) for folder in sorted(tree.iterdir()) if (folder / LIST).is_file())
    return tuple(sorted(found, key=lambda each: each.number))


def absent(volumes: tuple[Read, ...]) -> tuple[int, ...]:
    """The numbers of the volumes that these say there are and that are not among them."""
    there = {each.number for each in volumes}
    return tuple(number for number in range(1, max(each.of for each in volumes) + 1) if number not in there)


def _read(folder: Path, name: str) -> Read:
    readme = folder / "README.TXT"
    told = _FIRST.match(readme.read_bytes()[:200]) if readme.is_file() else None
    return Read(folder=folder, name=name, number=int(told[1]) if told else 0, of=int(told[2]) if told else 0)


__all__ = ["CASE", "Read", "absent", "volumes_of"]
