"""What belongs together in the ledger: keys that are joined, and what alone ties the numbers of one person."""

from collections.abc import Mapping
from typing import Any


class Groups:
    """What belongs together: keys are joined, whatever is joined to one of them is joined to all."""

    def __init__(self) -> None:
        self._above: dict[str, str] = {}

    def of(self, key: str) -> str:
        """The key that stands for all that this one is joined to."""
        while (above := self._above.get(key, key)) != key:
            key = above
        return key

    def join(self, one: str, other: str) -> None:
        """Join two keys, and whatever each is joined to."""
        self._above[self.of(one)] = self.of(other)


def tying(numbers: Mapping[str, tuple[str, ...]], past: Mapping[str, Any]) -> set[str]:
    """What is past its term, but alone ties a number that something which stays is filed under to another one.

    What is in effect longest is asked first, so that as little stays as can.
    """
    ties, used = Groups(), set[str]()

    def stay(key: str) -> None:
        for number in numbers[key]:
            ties.join(number, numbers[key][0])
        used.update(numbers[key])

    for key in numbers.keys() - past.keys():
        stay(key)
    stays: set[str] = set()
    latest = sorted(past, key=lambda key: past[key], reverse=True)
    while (
        found := next((key for key in latest if key not in stays and _is_tie(numbers[key], ties, used)), None)
    ) is not None:
        stay(found)
        stays.add(found)
    return stays


def _is_tie(numbers: tuple[str, ...], ties: Groups, used: set[str]) -> bool:
    return not used.isdisjoint(numbers) and len({ties.of(number) for number in numbers}) > 1
