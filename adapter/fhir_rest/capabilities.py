"""What a server says of itself (CapabilityStatement): looked at where it helps, never required, never believed."""

from typing import Any

import msgspec

from mappings.fhir.wire import Json


class Capabilities(msgspec.Struct, frozen=True):
    """A CapabilityStatement (or the part of it that is one server's). What it does not say is not denied by it."""

    statement: Json

    def _server(self) -> Json:
        rows = _rows(self.statement.get("rest"))
        return next((row for row in rows if row.get("mode") == "server"), {})

    def _of(self, kind: str) -> Json:
        return next((row for row in _rows(self._server().get("resource")) if row.get("type") == kind), {})

    @property
    def kinds(self) -> frozenset[str]:
        """The resource types that it names."""
        return frozenset(str(row.get("type")) for row in _rows(self._server().get("resource")))

    @property
    def fhir_version(self) -> str:
        """As it says."""
        return str(self.statement.get("fhirVersion", ""))

    def offers(self, kind: str, interaction: str) -> bool:
        """Whether it says that it does this with a type: `read`, `search-type`, `create`, `update`, ..."""
        return interaction in [row.get("code") for row in _rows(self._of(kind).get("interaction"))]

    def offers_system(self, interaction: str) -> bool:
        """Whether it says that it does this as a whole: `transaction`, `batch`, `search-system`."""
        return interaction in [row.get("code") for row in _rows(self._server().get("interaction"))]

    def conditional_create(self, kind: str) -> bool:
        """Whether it says that it takes If-None-Exist."""
        return self._of(kind).get("conditionalCreate") is True

    def conditional_update(self, kind: str) -> bool:
        """Whether it says that it takes a PUT with a condition."""
        return self._of(kind).get("conditionalUpdate") is True

    def parameters(self, kind: str) -> frozenset[str]:
        """The search parameters that it names for a type."""
        return frozenset(str(row.get("name")) for row in _rows(self._of(kind).get("searchParam")))

    def includes(self, kind: str) -> frozenset[str]:
        """The values of _include that it names for a type."""
        return _texts(self._of(kind).get("searchInclude"))

    def reverse_includes(self, kind: str) -> frozenset[str]:
        """The values of _revinclude that it names for a type."""
        return _texts(self._of(kind).get("searchRevInclude"))

    def operation(self, name: str, kind: str = "") -> bool:
        """Whether it names an operation (without `$`), for a type or for the system."""
        rows = _rows((self._of(kind) if kind else self._server()).get("operation"))
        return name in [str(row.get("name", "")).removeprefix("$") for row in rows]


def _rows(value: Any) -> list[Json]:
    return [one for one in value if isinstance(one, dict)] if isinstance(value, list) else []


def _texts(value: Any) -> frozenset[str]:
    return frozenset(one for one in value if isinstance(one, str)) if isinstance(value, list) else frozenset()
