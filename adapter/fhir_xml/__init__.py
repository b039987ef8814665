"""FHIR XML (https://hl7.org/fhir/R4/xml.html) to the JSON that says the same, and back, without loss."""

from adapter.fhir_xml.forms import RULE
from adapter.fhir_xml.reader import XmlReading, read
from adapter.fhir_xml.writer import write

__all__ = ["RULE", "XmlReading", "read", "write"]
