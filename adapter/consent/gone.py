"""What stays behind, and every way in which a resource that goes may name it: address, number, search, plain text.

Addresses are compared without what does not tell one from another: scheme, case of the host, a default port, percent
signs, case of a URN. Where something is named, the whole element that holds the name goes: what stands beside it is
about it.
"""

import functools
import re
from collections.abc import Iterable, Iterator
from urllib.parse import parse_qsl, unquote

import msgspec

from adapter.consent.moved import Moved
from mappings.fhir.carried import Carried, kept, pointers, subset
from mappings.fhir.wire import Json

DISTINCT = 6
"""Shortest number that is looked for in texts; a shorter one is found in any."""
Number = tuple[str | None, str]
"""(issuer, value) of an Identifier."""


class Gone:
    """What stays behind of `held`: its addresses (with all their aliases) and the numbers that only it has."""

    def __init__(
        self, addresses: Iterable[str], staying: Iterable[Json], going: Iterable[Json], known: Iterable[Number] = ()
    ) -> None:
        self._plain = {plain(address) for address in addresses}
        left, gone = tuple(going), tuple(staying)
        own = {number for resource in gone for number in _numbers(resource, _OWN)}
        self._numbers = own | {number for resource in gone for number in _numbers(resource)}
        theirs = {number for resource in left for number in _numbers(resource, _OWN)} | set(known)
        told = theirs | {number for resource in left for number in _numbers(resource)}
        self._only_theirs = (own - theirs) | (self._numbers - told)
        values = {value for _, value in self._numbers - self._only_theirs} | {value for _, value in theirs}
        bare = {value for _, value in self._only_theirs if len(value) >= DISTINCT and value not in values}
        any_of = "|".join(re.escape(value) for value in sorted(bare, key=lambda value: (-len(value), value)))
        self._bare = bare
        self._said = re.compile(rf"(?<![A-Za-z0-9])(?:{any_of})(?![A-Za-z0-9])") if bare else None

    def cleaned(self, item: Carried) -> Carried:
        """The resource without what names something that stays behind; itself where nothing does."""
        gone = functools.partial(self._holds, item)
        if (self._plain or self._numbers) and any(gone(value) for value in _values(item.resource)):
            return msgspec.structs.replace(item, resource=subset(item.resource, gone))
        return item

    def moved(self, item: Carried) -> Moved:
        """Where what is left of a resource stood before."""
        return Moved(kept(item.resource, functools.partial(self._holds, item)))

    def _holds(self, item: Carried, value: object) -> bool:
        """Whether a value names what stays, or is the element (no resource, no Identifier) with such a value in it."""
        if self._names(item, value):
            return True
        if not isinstance(value, dict) or "resourceType" in value or set(value) <= _IDENTIFIER:
            return False
        inner = (one for held in value.values() for one in (held if isinstance(held, list) else [held]))
        return any(isinstance(one, dict) and self._names(item, one) for one in inner)

    def _names(self, item: Carried, value: object) -> bool:
        """Whether a text holds the address or number of what stays, or an object points to it."""
        if isinstance(value, str):
            return self._tells(item, value)
        if not isinstance(value, dict):
            return False
        if any(self._tells(item, literal) for holder, _, literal in pointers(value) if holder is value):
            return True
        named = _number(value.get("identifier"))
        if named is not None and set(value) <= _REFERENCE and (named in self._numbers or self._theirs(named)):
            return True
        own = _number(value)
        return own is not None and self._theirs(own)

    def _theirs(self, number: Number) -> bool:
        """Whether only what stays has this number; without an issuer on either side the value alone has to do."""
        issuer, value = number
        loose = value in self._bare and (issuer is None or (None, value) in self._only_theirs)
        return number in self._only_theirs or loose

    def _tells(self, item: Carried, text: str) -> bool:
        if self._said is not None and self._said.search(text):
            return True
        for said in {text, unquote(text)} if "%" in text else (text,):
            tidy = _tidy(said)
            if any(plain(item.resolve(one)) in self._plain for one in (tidy, *_addresses(tidy))):
                return True
            if any(self._searched(item, *found.group("base", "kind", "query")) for found in _SEARCH.finditer(said)):
                return True
        return False

    def _searched(self, item: Carried, base: str | None, kind: str, query: str) -> bool:
        """Whether a search (a conditional reference) finds what stays: by its id or its number."""
        for name, value in parse_qsl(query.replace("&amp;", "&")):
            plain_name = name.partition(":")[0]
            if plain_name == "_id" and plain(item.resolve(f"{_tidy(base or '')}{kind}/{value}")) in self._plain:
                return True
            issuer, _, number = value.rpartition("|")
            if plain_name == "identifier" and ((issuer, number) in self._numbers or self._theirs((None, number))):
                return True
        return False


def plain(address: str) -> str:
    """An address without what does not tell it from another that leads to the same thing."""
    return _tidy(unquote(address)).removeprefix("https:").removeprefix("http:")


def _tidy(text: str) -> str:
    """A text with the hosts and URNs in it in small letters and without default ports."""
    return _URN.sub(lambda found: found[0].lower(), _HOST.sub(_small, text))


def _small(found: re.Match[str]) -> str:
    scheme, host = found["scheme"].lower(), found["host"].lower()
    return scheme + host.removesuffix(":443" if scheme == "https://" else ":80")


def _addresses(text: str) -> Iterator[str]:
    return (address.rstrip(".") for address in _ADDRESS.findall(text))


_REFERENCE = frozenset(("reference", "type", "identifier", "display", "id", "extension"))
_IDENTIFIER = frozenset(("use", "type", "system", "value", "period", "assigner", "id", "extension"))
_OWN = frozenset(("identifier", "masterIdentifier"))
"""Members that tell what a resource is called; others (accession, requisition) may tell what another one is called."""
_HOST = re.compile(r"(?P<scheme>https?://)(?P<host>[^\s\"'<>|?#/]+)", re.IGNORECASE)
_URN = re.compile(r"\burn:(?:uuid|oid):[A-Za-z0-9.-]+", re.IGNORECASE)
# No address is longer than 2,000 characters: a text full of almost-addresses is read in time that grows with it.
_ADDRESS = re.compile(
    r"(?:https?://[^\s\"'<>|?#]{0,2000}?/|\b)[A-Z][A-Za-z]{2,40}/[A-Za-z0-9.-]{1,64}|urn:(?:uuid|oid):[A-Za-z0-9.-]+"
)
_SEARCH = re.compile(
    r"(?P<base>https?://[^\s\"'<>|?#]{0,2000}/)?\b(?P<kind>[A-Z][A-Za-z]{2,40})\?(?P<query>[^\s\"'<>#]+)"
)


def _values(value: object) -> Iterable[object]:
    stack = [value]
    while stack:
        item = stack.pop()
        if isinstance(item, dict):
            yield item
            stack.extend(item.values())
        elif isinstance(item, list):
            stack.extend(item)
        elif isinstance(item, str):
            yield item


def _numbers(resource: Json, members: frozenset[str] | None = None) -> set[Number]:
    """The numbers that stand at a resource itself, under these members or under all."""
    chosen = (value for member, value in resource.items() if members is None or member in members)
    every = (one for value in chosen for one in (value if isinstance(value, list) else [value]))
    return {number for one in every if (number := _number(one)) is not None}


def _number(value: object) -> Number | None:
    """(issuer, value) of an Identifier; None for anything else (a ContactPoint has a word where it has an issuer)."""
    if not isinstance(value, dict) or not set(value) <= _IDENTIFIER or not isinstance(value.get("value"), str):
        return None
    system = value.get("system")
    if isinstance(system, str) and ":" in system:
        return system, value["value"]
    return (None, value["value"]) if system is None else None
