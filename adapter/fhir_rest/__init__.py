"""FHIR R4 over HTTP (https://hl7.org/fhir/R4/http.html), as sources and delivery need it.

On `requests`, not on fhirclient: that signs no assertions, sets no timeouts, does not try again, knows no conditional
requests and no XML, reads numbers through binary floats (72.50 becomes 72.5), and puts identifiers into URLs.
"""

from adapter.fhir_rest.capabilities import Capabilities
from adapter.fhir_rest.client import FhirClient, Stored
from adapter.fhir_rest.errors import Lost, Refused, Unsettled
from adapter.fhir_rest.fetching import Fetched
from adapter.fhir_rest.searching import Found
from adapter.fhir_rest.transport import Answer
from adapter.fhir_rest.writing import EntryAnswer, Written

__all__ = [
    "Answer",
    "Capabilities",
    "EntryAnswer",
    "Fetched",
    "FhirClient",
    "Found",
    "Lost",
    "Refused",
    "Stored",
    "Unsettled",
    "Written",
]
