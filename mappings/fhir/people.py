"""Who somebody is and how to reach them: Identifier, HumanName, ContactPoint, Address (FHIR R4 datatypes)."""

from mappings.domain.values import Address, Contact, Identifier, PersonName
from mappings.fhir.datatypes import compact, construct, from_table, objects, read_table, text, texts
from mappings.fhir.wire import Json


def identifier(value: Identifier) -> Json:
    """An Identifier; its type comes from the table `identifier-type`."""
    return compact(
        {
            "type": from_table("identifier-type", value.kind),
            "system": value.system,
            "value": value.value,
            "assigner": {"display": value.assigner} if value.assigner else None,
        }
    )


def read_identifier(value: object) -> Identifier | None:
    """An Identifier; None without system or value."""
    if not isinstance(value, dict) or not text(value.get("system")) or not text(value.get("value")):
        return None
    assigner = value.get("assigner")
    return construct(
        Identifier,
        "Identifier",
        system=value["system"],
        value=value["value"],
        kind=read_table("identifier-type", value.get("type")),
        assigner=text(assigner.get("display")) if isinstance(assigner, dict) else None,
    )


def read_identifiers(values: object) -> tuple[Identifier, ...]:
    """The Identifiers of a list that name their issuer."""
    return tuple(found for value in objects(values) if (found := read_identifier(value)))


def human_name(value: PersonName) -> Json:
    """A HumanName."""
    return compact(
        {
            "use": value.use,
            "text": value.text,
            "family": value.family,
            "given": list(value.given),
            "prefix": list(value.prefix),
            "suffix": list(value.suffix),
        }
    )


def read_human_name(value: Json) -> PersonName | None:
    """A HumanName; None where it is empty."""
    if not any(value.get(part) for part in ("text", "family", "given")):
        return None
    return construct(
        PersonName,
        "HumanName",
        use=text(value.get("use")),
        text=text(value.get("text")),
        family=text(value.get("family")),
        given=texts(value.get("given")),
        prefix=texts(value.get("prefix")),
        suffix=texts(value.get("suffix")),
    )


def read_names(values: object) -> tuple[PersonName, ...]:
    """The HumanNames of a list."""
    return tuple(name for value in objects(values) if (name := read_human_name(value)))


def contact_point(value: Contact) -> Json:
    """A ContactPoint."""
    return compact({"system": value.system, "value": value.value, "use": value.use})


def read_contacts(values: object) -> tuple[Contact, ...]:
    """The ContactPoints of a list that have system and value."""
    return tuple(
        construct(Contact, "ContactPoint", system=v["system"], value=v["value"], use=text(v.get("use")))
        for v in objects(values)
        if text(v.get("system")) and text(v.get("value"))
    )


def address(value: Address) -> Json:
    """An Address."""
    return compact(
        {
            "use": value.use,
            "line": list(value.lines),
            "city": value.city,
            "state": value.state,
            "postalCode": value.postal_code,
            "country": value.country,
        }
    )


def read_addresses(values: object) -> tuple[Address, ...]:
    """The Addresses of a list that hold more than a text."""
    named = ("line", "city", "state", "postalCode", "country")
    return tuple(
        construct(
            Address,
            "Address",
            use=text(v.get("use")),
            lines=texts(v.get("line")),
            city=text(v.get("city")),
            state=text(v.get("state")),
            postal_code=text(v.get("postalCode")),
            country=text(v.get("country")),
        )
        for v in objects(values)
        if any(v.get(name) for name in named)
    )
