"""What a file is, told by its first bytes; in time that grows with their number only."""

import hashlib
import time
from pathlib import Path

import pytest

from adapter.sources.files import HEAD, describe, not_fhir, sniff

FHIR = 'xmlns="http://hl7.org/fhir"'
PREFIXED = 'xmlns:f="http://hl7.org/fhir"'


@pytest.mark.parametrize(
    "piece", [" ", "\n", "\t ", "<!--a-->", "<!-- a --> ", "<?a b?>", "<!--", "<?", "<!", "<a:", "]"]
)
@pytest.mark.parametrize("end", ["<!DOCTYPE html><html/>", "<!DOCTYPE x [", "<", "<a ", ""])
def test_four_kilobytes_are_told_in_no_time(piece: str, end: str) -> None:
    heads = [f"{start}{piece * (HEAD // len(piece))}{end}".encode() for start in ('<?xml version="1.0"?>', "<x ")]
    began = time.process_time()
    for head in heads:
        sniff(head)
    assert time.process_time() - began < 0.1


@pytest.mark.parametrize(
    ("head", "said"),
    [
        (f'<ClinicalDocument xmlns="urn:hl7-org:v3" {PREFIXED}>', ("ccda", "application/hl7-cda+xml")),
        (f'<cda:ClinicalDocument xmlns:cda="urn:hl7-org:v3" {PREFIXED}>', ("ccda", "application/hl7-cda+xml")),
        (f"<html {PREFIXED}>", ("other", "text/html")),
        (f"<!DOCTYPE html>\n<html lang=en><a href='http://hl7.org/fhir' {FHIR}>", ("other", "text/html")),
        ("<!DOCTYPE html>\n<html a", ("other", "text/html")),
        (f"<!doctype html><HTML><p {FHIR}>urn:hl7", ("other", "text/html")),
        (f"<a {PREFIXED}><f:Patient/></a>", ("other", "application/xml")),
        ('<Patient a="http://hl7.org/fhir">', ("other", "application/xml")),
        (f"<f:Patient {PREFIXED} a='>'>", ("fhir-xml", "application/fhir+xml")),
        (f"<Patient\n  id = 'a'\n  {FHIR.replace('=', ' = ')}>", ("fhir-xml", "application/fhir+xml")),
        (f"<!DOCTYPE a [<!ENTITY b '>'> ] ><Patient {FHIR}>", ("fhir-xml", "application/fhir+xml")),
        (f"<?xml version='1.0'?> <!-- <html> --> <?a <b>?><Patient {FHIR}/>", ("fhir-xml", "application/fhir+xml")),
    ],
)
def test_the_namespace_of_the_root_itself_decides(head: str, said: tuple[str, str]) -> None:
    assert sniff(head.encode()) == said


def test_what_only_looked_like_fhir_is_named_as_what_it_is(tmp_path: Path) -> None:
    place = tmp_path / "page"
    place.write_text(f"<!-- {FHIR} {'long ' * 900}--><html><p>urn</p></html>", "utf-8")
    found = describe(place, "page")
    assert (found.kind, found.content_type) == ("fhir-xml", "application/fhir+xml")
    retyped = not_fhir(found)
    assert (retyped.kind, retyped.content_type) == ("other", "application/xml")
    assert retyped.sha256 == found.sha256 == hashlib.sha256(place.read_bytes()).hexdigest()
