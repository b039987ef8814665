"""FHIR XML reads as the JSON that says the same; what JSON cannot say is a Problem with its line."""

import pytest

from adapter.fhir_xml import read
from mappings.fhir.wire import Json, dumps

HEAD = '<Patient xmlns="http://hl7.org/fhir">'


def patient(inner: str) -> bytes:
    return f"{HEAD}{inner}</Patient>".encode()


def json_of(data: bytes) -> Json:
    """The resource, of XML in which nothing is wrong."""
    found = read(data)
    assert (found.problems, found.lost) == ((), ())
    assert found.resource is not None
    return found.resource


def told(data: bytes) -> list[tuple[str, str, str]]:
    return [(p.rule, p.severity, p.where) for p in read(data).problems]


# --- what it says


def test_a_resource() -> None:
    made = json_of(
        b'<?xml version="1.0" encoding="UTF-8"?>\n'
        b'<Patient xmlns="http://hl7.org/fhir">\n'
        b'  <id value="one"/>\n'
        b'  <active value="true"/>\n'
        b'  <name><use value="official"/><given value="Ana"/><given value="B."/></name>\n'
        b"  <name><text value=\"a 'b' &lt;c&gt; &amp; d&#10;e\"/></name>\n"
        b'  <gender value="female"/>\n'
        b'  <birthDate value="1970-03"/>\n'
        b'  <deceasedBoolean value="false"/>\n'
        b'  <multipleBirthInteger value="2"/>\n'
        b"</Patient>\n"
    )
    assert list(made.items()) == [
        ("resourceType", "Patient"),
        ("id", "one"),
        ("active", True),
        ("name", [{"use": "official", "given": ["Ana", "B."]}, {"text": "a 'b' <c> & d\ne"}]),
        ("gender", "female"),
        ("birthDate", "1970-03"),
        ("deceasedBoolean", False),
        ("multipleBirthInteger", 2),
    ]


@pytest.mark.parametrize("number", ["72.50", "7.250E1", "0.10", "-0", "-0.0", "4", "123456789012345678901234567890"])
def test_a_decimal_keeps_its_text(number: str) -> None:
    made = json_of(
        f'<Observation xmlns="http://hl7.org/fhir"><valueQuantity><value value="{number}"/></valueQuantity>'
        f"</Observation>".encode()
    )
    assert dumps(made["valueQuantity"]) == f'{{"value":{number}}}'.encode()


@pytest.mark.parametrize("text", ["+1", ".5", "01", "1.", "1e99999999999999999999", "many", " 1", "0x1"])
def test_what_is_no_number_stays_text_for_the_validator(text: str) -> None:
    made = json_of(patient(f'<multipleBirthInteger value="{text}"/>'))
    assert made["multipleBirthInteger"] == text


def test_what_is_no_boolean_stays_text() -> None:
    assert json_of(patient('<active value=" true"/>'))["active"] == " true"


def test_ids_and_extensions_of_primitives_stand_beside_them() -> None:
    extension = '<extension url="http://example.org/e"><valueDecimal value="1.0"/></extension>'
    made = json_of(
        patient(
            f'<name id="n"><family id="f" value="Roe"/><given value="A"/><given>{extension}</given>'
            f'<given id="g" value="C"/></name><birthDate>{extension}</birthDate>'
        )
    )
    said = b'{"extension":[{"url":"http://example.org/e","valueDecimal":1.0}]}'
    assert dumps(made["name"]) == (
        b'[{"id":"n","family":"Roe","_family":{"id":"f"},"given":["A",null,"C"],"_given":[null,'
        + said
        + b',{"id":"g"}]}]'
    )
    assert dumps(made["_birthDate"]) == said
    assert "birthDate" not in made


def test_values_that_are_all_left_out_have_only_their_other_side() -> None:
    extension = '<extension url="http://example.org/e"><valueBoolean value="true"/></extension>'
    (name,) = json_of(patient(f"<name><given>{extension}</given></name>"))["name"]
    assert list(name) == ["_given"]


def test_what_says_nothing_comes_through_for_the_validator() -> None:
    made = json_of(patient('<active/><name/><gender value=""/>'))
    assert made == {"resourceType": "Patient", "_active": {}, "name": [{}], "gender": ""}


def test_an_element_that_repeats_against_the_definition_comes_through() -> None:
    made = json_of(patient('<active value="true"/><active value="false"/>'))
    assert made["active"] == [True, False]


def test_resources_inside_resources() -> None:
    made = json_of(
        b'<Bundle xmlns="http://hl7.org/fhir"><type value="collection"/><entry><fullUrl value="urn:uuid:1"/><resource>'
        b'<Patient><contained><Organization><id value="o"/></Organization></contained><contained><Organization>'
        b'<id value="p"/></Organization></contained></Patient></resource></entry></Bundle>'
    )
    organizations = [{"resourceType": "Organization", "id": "o"}, {"resourceType": "Organization", "id": "p"}]
    assert made["entry"] == [
        {"fullUrl": "urn:uuid:1", "resource": {"resourceType": "Patient", "contained": organizations}}
    ]


def test_the_namespace_may_have_a_prefix() -> None:
    data = b'<f:Patient xmlns:f="http://hl7.org/fhir"><f:active value="true"/></f:Patient>'
    assert json_of(data) == {"resourceType": "Patient", "active": True}


def test_another_encoding_is_read_by_its_declaration_and_told() -> None:
    found = read(f'<?xml version="1.0" encoding="ISO-8859-1"?>{HEAD}<language value="ü"/></Patient>'.encode("latin-1"))
    assert found.resource == {"resourceType": "Patient", "language": "ü"}
    assert [(p.rule, p.severity, p.where) for p in found.problems] == [("fhir.xml.encoding", "error", "line 1")]
    assert found.lost == ()


# --- narratives

XHTML = 'xmlns="http://www.w3.org/1999/xhtml"'


@pytest.mark.parametrize(
    "div",
    [
        f'<div {XHTML}>a <br /> b<br/>c &#233; &lt; > "d"</div>',
        "<div xmlns='http://www.w3.org/1999/xhtml' ><!-- <div> --><div><div/>a</div><p title='>'>b</p></div >",
        f"<div {XHTML}><![CDATA[</div>]]><?x </div> ?> é\n  b</div>",
        '<h:div xmlns:h="http://www.w3.org/1999/xhtml"><h:p>a</h:p></h:div>',
        f"<div {XHTML}/>",
    ],
)
def test_a_narrative_keeps_its_characters(div: str) -> None:
    made = json_of(patient(f'<text><status value="generated"/>{div}</text><active value="true"/>'))
    assert made["text"] == {"status": "generated", "div": div}


def test_several_narratives_keep_apart() -> None:
    first, second = f"<div {XHTML}><div>1</div></div>", f"<div {XHTML}>2</div>"
    made = json_of(patient(f"<text>{first}</text><contained><Patient><text>{second}</text></Patient></contained>"))
    assert (made["text"]["div"], made["contained"][0]["text"]["div"]) == (first, second)


def test_a_narrative_takes_along_the_namespaces_it_needs_and_no_others() -> None:
    data = (
        b'<Patient xmlns="http://hl7.org/fhir" xmlns:h="http://www.w3.org/1999/xhtml" xmlns:x="http://example.org/x">'
        b"<text><h:div><h:p>a</h:p></h:div></text></Patient>"
    )
    assert json_of(data)["text"]["div"] == '<h:div xmlns:h="http://www.w3.org/1999/xhtml"><h:p>a</h:p></h:div>'


def test_a_div_of_no_narrative_comes_through_as_it_is_meant() -> None:
    made = json_of(patient("<text><div>a</div></text>"))
    assert made["text"]["div"] == '<div xmlns="http://hl7.org/fhir">a</div>'


# --- what is wrong


@pytest.mark.parametrize(
    ("inner", "rule", "where"),
    [
        ('\n<activ value="true"/>', "fhir.element", "Patient (line 2)"),
        ('\n\n<status value="true"/>', "fhir.element", "Patient.status (line 3)"),
        ('<name><id value="a"/></name>', "fhir.element", "Patient.name[0].id (line 1)"),
        ('<name use="a"/>', "fhir.xml.attribute", "Patient.name[0] (line 1)"),
        ('<active value="true" Zebulon="1"/>', "fhir.xml.attribute", "Patient.active (line 1)"),
        ('<active value="true">Zebulon</active>', "fhir.xml.text", "Patient.active (line 1)"),
        ('<active value="true"/>Zebulon', "fhir.xml.text", "Patient (line 1)"),
        ("<contained>Zebulon<Patient/></contained>", "fhir.xml.text", "Patient.contained[0] (line 1)"),
        ("<contained><Zebulon/></contained>", "fhir.resourceType", "Patient.contained[0] (line 1)"),
        ('<x:active xmlns:x="urn:x" value="true"/>', "fhir.xml.namespace", "Patient.active (line 1)"),
        ('<Zebulon xmlns="urn:x"/>', "fhir.xml.namespace", "Patient (line 1)"),
        ('<active value="true"><value value="true"/></active>', "fhir.element", "Patient.active.value (line 1)"),
    ],
)
def test_what_json_cannot_say_is_told_and_marked_as_lost(inner: str, rule: str, where: str) -> None:
    found = read(patient(inner))
    assert [(p.rule, p.severity, p.where) for p in found.problems] == [(rule, "error", where)]
    assert [place.partition("[")[0].startswith("Patient") for place in found.lost] == [True]
    assert "Zebulon" not in str(found.problems)


def test_the_order_of_the_definition_is_asked_for_once_each() -> None:
    found = read(patient('<name/><active value="true"/>\n<identifier/><name/><gender value="male"/>'))
    assert [(p.rule, p.where) for p in found.problems] == [
        ("fhir.xml.order", "Patient.active (line 1)"),
        ("fhir.xml.order", "Patient.identifier (line 2)"),
    ]
    assert found.lost == ()
    assert found.resource == {
        "resourceType": "Patient",
        "name": [{}, {}],
        "active": True,
        "identifier": [{}],
        "gender": "male",
    }


def test_the_two_forms_of_a_choice_may_stand_in_any_order() -> None:
    made = json_of(patient('<deceasedDateTime value="2020"/><deceasedBoolean value="true"/>'))
    assert made == {"resourceType": "Patient", "deceasedDateTime": "2020", "deceasedBoolean": True}


def test_comments_are_told_and_are_no_loss() -> None:
    found = read(b"<!-- a -->" + patient('<!-- b --><active value="true"><!-- c --></active>') + b"<!-- d -->")
    assert [(p.rule, p.severity, p.where) for p in found.problems] == [("fhir.xml.comment", "information", "$")]
    assert "4 comments" in found.problems[0].message
    assert (found.resource, found.lost) == ({"resourceType": "Patient", "active": True}, ())


def test_processing_instructions_are_an_error() -> None:
    assert told(b"<?a b?>\n" + patient("<?c d?>")) == [("fhir.xml.instruction", "error", "line 2")]


def test_attributes_for_xml_schema_are_a_warning_and_no_loss() -> None:
    schema = 'xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xsi:schemaLocation="a b"'
    found = read(f'<Patient xmlns="http://hl7.org/fhir" {schema}><active value="true"/></Patient>'.encode())
    assert [(p.rule, p.severity) for p in found.problems] == [("fhir.xml.attribute", "warning")]
    assert found.lost == ()


def test_one_resource_in_each_contained() -> None:
    found = read(patient("<contained><Patient/><Group/></contained>"))
    assert [(p.rule, p.where) for p in found.problems] == [("fhir.xml.resource", "Patient.contained[0] (line 1)")]
    assert found.resource is not None
    assert [each["resourceType"] for each in found.resource["contained"]] == ["Patient", "Group"]


@pytest.mark.parametrize(
    ("data", "rule", "where"),
    [
        (b"", "fhir.xml", "line 1"),
        (b"<Patient", "fhir.xml", "line 1"),
        (b'<Patient xmlns="http://hl7.org/fhir">\n<active></Patient>', "fhir.xml", "line 2"),
        (b'<Patient xmlns="http://hl7.org/fhir">&Zebulon;</Patient>', "fhir.xml", "line 1"),
        (b'<Patient xmlns="http://hl7.org/fhir">\xff</Patient>', "fhir.xml", "line 1"),
        (b'<?xml version="1.0" encoding="Zebulon"?><Patient/>', "fhir.xml", "line 1"),
        (b"<a:Patient/>", "fhir.xml", "line 1"),
        (b"\x00\x01", "fhir.xml", "line 1"),
        (b"<Patient/>", "fhir.xml.namespace", "line 1"),
        (b'\n<Zebulon xmlns="http://hl7.org/fhir"/>', "fhir.type", "line 2"),
        (b'<!DOCTYPE Patient>\n<Patient xmlns="http://hl7.org/fhir"/>', "fhir.xml.doctype", "line 1"),
        (b'<!DOCTYPE a [<!ENTITY b SYSTEM "file:///etc/hostname">]><a>&b;</a>', "fhir.xml.doctype", "line 1"),
        (HEAD.encode() + b"<contained>" * 300, "fhir.xml", "line 1"),
    ],
)
def test_what_is_no_fhir_xml(data: bytes, rule: str, where: str) -> None:
    found = read(data)
    places = [(p.rule, p.severity, p.where.partition(" column ")[0]) for p in found.problems]
    assert places == [(rule, "error", where)]
    assert found.resource is None
    assert "Zebulon" not in str(found.problems)


def test_a_large_document_is_read() -> None:
    data = f'<Binary xmlns="http://hl7.org/fhir"><data value="{"A" * 12_000_000}"/></Binary>'.encode()
    made = json_of(data)
    assert len(made["data"]) == 12_000_000
    told = read(b"<!DOCTYPE Binary>" + data)
    assert (told.resource, [p.severity for p in told.problems]) == (None, ["error"])


def test_entities_do_not_swell() -> None:
    levels = "".join(f'<!ENTITY e{n} "{f"&e{n - 1};" * 10}">' for n in range(1, 12))
    data = f'<!DOCTYPE a [<!ENTITY e0 "Zebulon">{levels}]>{HEAD}<language value="&e11;"/></Patient>'.encode()
    found = read(data)
    assert found.resource is None
    assert [p.severity for p in found.problems] == ["error"]


def test_depth_has_an_end() -> None:
    deep = "<contained><Patient>" * 120 + "</Patient></contained>" * 120
    found = read(patient(deep))
    assert [p.code for p in found.problems] == ["too-long"]
    assert len(found.lost) == 1


# --- lines


def test_a_place_leads_to_its_line() -> None:
    found = read(
        b'<Bundle xmlns="http://hl7.org/fhir">\n<entry>\n<resource>\n<Observation>\n<contained>\n<Patient>\n'
        b'<active value="true"/>\n</Patient>\n</contained>\n<valueQuantity>\n<code value="1"/>\n</valueQuantity>\n'
        b"</Observation>\n</resource>\n</entry>\n</Bundle>"
    )
    lines = {
        "Bundle": 1,
        "Bundle.entry[0].resource.value.ofType(Quantity).code": 11,
        "Bundle.entry[0].resource.contained[0].active": 7,
        "Bundle.entry[0].resource.value.ofType(Quantity).unit": 10,
        "Bundle.entry[0].resource.status": 3,
        "Bundle.entry[9]": 1,
    }
    assert found.lines(lines) == lines
    assert read(b"").lines(lines) == {}
