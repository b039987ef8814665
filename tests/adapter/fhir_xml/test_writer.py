"""What is written as FHIR XML reads as the same; what XML cannot say is a Problem and is not written."""

import pytest

from adapter.fhir_xml import read, write
from mappings.fhir.wire import Json, dumps, loads

DIV = '<div xmlns="http://www.w3.org/1999/xhtml">a <br /> &lt; é\r\n</div>'


def written(text: str) -> str:
    """The XML of a JSON text, all of which XML can say, and which reads as the same."""
    resource = loads(text.encode())
    data, problems = write(resource)
    assert problems == ()
    again = read(data)
    assert again.problems == ()
    assert again.resource is not None
    assert sorted(again.resource) == sorted(resource)
    assert {name: dumps(again.resource[name]) for name in resource} == {n: dumps(resource[n]) for n in resource}
    return data.decode()


def test_the_order_is_that_of_the_definition() -> None:
    text = (
        '{"resourceType":"Observation","valueQuantity":{"value":72.50},"status":"final",'
        '"extension":[{"url":"http://example.org/e","valueInteger":1}],"id":"o","meta":{"lastUpdated":'
        '"2020-01-01T00:00:00.50+02:00"},"_status":{"id":"s"}}'
    )
    assert written(text) == (
        '<?xml version="1.0" encoding="UTF-8"?>\n'
        '<Observation xmlns="http://hl7.org/fhir">\n'
        '  <id value="o"/>\n'
        "  <meta>\n"
        '    <lastUpdated value="2020-01-01T00:00:00.50+02:00"/>\n'
        "  </meta>\n"
        '  <extension url="http://example.org/e">\n'
        '    <valueInteger value="1"/>\n'
        "  </extension>\n"
        '  <status id="s" value="final"/>\n'
        "  <valueQuantity>\n"
        '    <value value="72.50"/>\n'
        "  </valueQuantity>\n"
        "</Observation>\n"
    )


@pytest.mark.parametrize(
    "members",
    [
        '"multipleBirthInteger":2,"active":false',
        '"name":[{"given":["A",null,"C"],"_given":[null,{"id":"b"},{"id":"c"}]}]',
        '"name":[{"_given":[{"extension":[{"url":"u","valueDecimal":1E-8}]}]}]',
        '"gender":"","_active":{},"name":[{}]',
        '"active":[true,false]',
        '"name":[{"text":"a\\tb\\nc\\r\\n \\" \' < > & ]]> é \\ud83d\\ude00"}]',
        '"deceasedBoolean":true,"deceasedDateTime":"2020"',
        '"multipleBirthInteger":"many","active":"yes"',
        '"multipleBirthInteger":1.0',
        '"contained":[{"resourceType":"Patient","id":"a"},{"resourceType":"Group"}]',
    ],
)
def test_what_is_written_reads_as_the_same(members: str) -> None:
    written(f'{{"resourceType":"Patient",{members}}}')


def test_a_narrative_stands_in_it_as_it_is() -> None:
    text = dumps({"resourceType": "Patient", "text": {"status": "generated", "div": DIV}}).decode()
    assert f"    {DIV}\n" in written(text)


@pytest.mark.parametrize(
    ("members", "where"),
    [
        ('"Zebulon":1', "Patient"),
        ('"status":"Zebulon"', "Patient.status"),
        ('"name":[{"_period":{"id":"a"}}]', "Patient.name[0].period"),
        ('"gender":5', "Patient.gender"),
        ('"active":"true"', "Patient.active"),
        ('"active":null', "Patient.active"),
        ('"multipleBirthInteger":"1"', "Patient.multipleBirth.ofType(integer)"),
        ('"gender":"a\\u0001b"', "Patient.gender"),
        ('"gender":"\\ufffe"', "Patient.gender"),
        ('"gender":["male"]', "Patient.gender"),
        ('"gender":{"a":1}', "Patient.gender"),
        ('"gender":"male","_gender":{}', "Patient.gender"),
        ('"gender":"male","_gender":5', "Patient.gender"),
        ('"name":{"text":"Zebulon"}', "Patient.name"),
        ('"name":[]', "Patient.name"),
        ('"name":["Zebulon"]', "Patient.name[0]"),
        ('"name":[{"given":[null]}]', "Patient.name[0].given[0]"),
        ('"name":[{"given":["a"],"_given":{"id":"a"}}]', "Patient.name[0].given"),
        ('"name":[{"id":5,"text":"a"}]', "Patient.name[0].id"),
        ('"extension":[{"url":"\\u0001"}]', "Patient.extension[0].url"),
        ('"contained":[{"resourceType":"Zebulon"}]', "Patient.contained[0]"),
        ('"contained":[{"id":"a"}]', "Patient.contained[0]"),
    ],
)
def test_what_xml_cannot_say_is_told_and_not_written(members: str, where: str) -> None:
    data, problems = write(loads(f'{{"resourceType":"Patient","language":"de",{members}}}'.encode()))
    assert [(p.rule, p.severity, p.where) for p in problems] == [("fhir.xml.write", "error", where)]
    assert b'<language value="de"/>' in data
    assert b"Zebulon" not in data
    assert "Zebulon" not in str(problems)
    assert read(data).problems == ()


@pytest.mark.parametrize(
    "div",
    [
        "words",
        "<div>no namespace</div>",
        f" {DIV}",
        f"{DIV} ",
        f"<!-- a -->{DIV}",
        f"{DIV}<!-- a -->",
        f"<?xml version='1.0'?>{DIV}",
        f"<!DOCTYPE div>{DIV}",
        DIV + DIV,
        DIV.replace("é", "&eacute;"),
        DIV.replace("é", "\x01"),
        '<p xmlns="http://www.w3.org/1999/xhtml">a</p>',
        5,
    ],
)
def test_only_a_whole_div_stands_in_a_narrative(div: object) -> None:
    data, problems = write({"resourceType": "Patient", "text": {"status": "generated", "div": div}})
    assert [(p.rule, p.where) for p in problems] == [("fhir.xml.write", "Patient.text.div")]
    assert b"div" not in data


def test_only_resources_of_r4() -> None:
    for resource in ({"resourceType": "Zebulon"}, {}, {"resourceType": ["Patient"]}):
        data, problems = write(resource)
        assert (data, [(p.rule, p.where) for p in problems]) == (b"", [("fhir.xml.write", "resourceType")])


def test_depth_has_an_end() -> None:
    extension: Json = {"url": "u", "valueBoolean": True}
    for _ in range(150):
        extension = {"url": "u", "extension": [extension]}
    _, problems = write({"resourceType": "Patient", "extension": [extension]})
    assert [p.message for p in problems] == ["is nested deeper than 100 objects"]
