"""The resource in an answer: JSON or XML, read without loss, and nothing else taken for one."""

import re

from adapter import fhir_xml
from adapter.fhir_rest.errors import RULE, Lost
from adapter.fhir_rest.transport import Answer
from mappings.fhir.wire import Json, read_object
from mappings.problems import ProblemError, problem

FHIR_JSON = "application/fhir+json"
ACCEPT = f"{FHIR_JSON}, application/json;q=0.9, application/fhir+xml;q=0.5"
_JSON = frozenset((FHIR_JSON, "application/json", "text/json", "application/json+fhir"))
_XML = frozenset(("application/fhir+xml", "application/xml", "text/xml", "application/xml+fhir"))
_MEDIA = re.compile(r"[\w.+-]{1,60}/[\w.+-]{1,60}")


def media_type(answer: Answer) -> str:
    """The media type, for people; nothing that is none is shown."""
    return answer.media_type if _MEDIA.fullmatch(answer.media_type) else "something without a media type"


def resource_of(answer: Answer, where: str) -> Json:
    """The resource in a body.

    Raises:
        Lost: it is no FHIR JSON or XML, or breaks off; another attempt may get it whole.
    """
    kind = answer.media_type
    if kind in _JSON or (not kind and answer.data.lstrip()[:1] == b"{"):
        return _json(answer.data, where)
    if kind in _XML:
        return _xml(answer.data, where)
    message = f"answers with {media_type(answer)} and not with FHIR; check `url` in the settings"
    raise Lost(problem("structure", where, message, rule=RULE), garbled=True, status=answer.status)


def _json(data: bytes, where: str) -> Json:
    try:
        found = read_object(data)
    except ProblemError as error:
        one = error.problems[0]
        message = f"answers with JSON that cannot be read ({one.where}: {one.message}); ask its operator"
        raise Lost(problem(one.code, where, message, rule=one.rule), garbled=True) from None
    if not isinstance(found.get("resourceType"), str):
        message = "answers with JSON that is no FHIR resource; check `url` in the settings"
        raise Lost(problem("structure", where, message, rule=RULE), garbled=True)
    return found


def _xml(data: bytes, where: str) -> Json:
    found = fhir_xml.read(data)
    stopping = [one for one in found.problems if one.stops]
    if found.resource is None or found.lost or stopping:
        one = stopping[0] if stopping else None
        reason = f" ({one.where}: {one.message})" if one else ""
        message = f"answers with XML that cannot be read whole{reason}; ask its operator"
        raise Lost(problem("structure", where, message, rule=fhir_xml.RULE), garbled=True)
    return found.resource


def outcome_in(answer: Answer) -> Json | None:
    """The OperationOutcome that an error came with, where it did."""
    try:
        found = resource_of(answer, "")
    except ProblemError:
        return None
    return found if found.get("resourceType") == "OperationOutcome" else None
