"""What the profiles that we build on ask for, as their specifications say it."""

import pytest

from adapter.validation import facts
from adapter.validation.model import Binding, Profile, ProfileNode, Slicing, TypeRule
from mappings.identity import CANONICAL

FHIR = "http://hl7.org/fhir/StructureDefinition"
CORE = "http://hl7.org/fhir/us/core/StructureDefinition"
MCODE = "http://hl7.org/fhir/us/mcode/StructureDefinition"
PCF = "https://profiles.ihe.net/ITI/PCF/StructureDefinition"
BALP = "https://profiles.ihe.net/ITI/BALP/StructureDefinition"


def profile(url: str) -> Profile:
    found = facts.definitions().profile(url)
    assert found is not None
    return found


def node(url: str, path: str) -> ProfileNode:
    """The node at a path such as `component:systolic.code`."""
    found = profile(url).root
    for step in path.split("."):
        name, _, sliced = step.partition(":")
        found = found.children[name]
        found = found.slices[sliced] if sliced else found
    return found


def keys(found: ProfileNode) -> list[str]:
    return [each.key for each in found.constraints]


def test_us_core_patient() -> None:
    said = profile(f"{CORE}/us-core-patient")
    assert (said.type, said.version, said.chain) == ("Patient", "6.1.0", (f"{FHIR}/Patient",))
    assert {name for name, each in said.root.children.items() if each.min == 1} == {"identifier", "name", "gender"}
    assert said.root.children["identifier"].children["value"].min == 1
    assert keys(said.root.children["name"]) == ["us-core-6"]
    assert "family.exists()" in said.root.children["name"].constraints[0].expression
    assert said.root.constraints == ()


def test_extensions_of_us_core_patient_are_told_apart_by_url() -> None:
    extension = node(f"{CORE}/us-core-patient", "extension")
    assert extension.slicing == Slicing(discriminators=(("value", "url"),))
    assert extension.slices["race"].types == (TypeRule(code="Extension", profiles=(f"{CORE}/us-core-race",)),)
    assert extension.slices["race"].max == 1
    assert extension.slices["race"].children["url"].fixed == {"kind": "uri", "value": f"{CORE}/us-core-race"}


def test_the_parts_of_us_core_race() -> None:
    race = profile(f"{CORE}/us-core-race")
    assert ("element", "Patient") in race.contexts
    assert race.modifier is False
    parts = race.root.children["extension"].slices
    assert {name: (each.min, each.max) for name, each in parts.items()} == {
        "ombCategory": (None, 5),
        "detailed": (None, None),
        "text": (1, 1),
    }
    assert parts["text"].children["url"].fixed == {"kind": "uri", "value": "text"}
    assert parts["ombCategory"].children["value[x]"].types == (TypeRule(code="Coding"),)
    assert race.root.children["value[x]"].max == 0


def test_a_slice_named_wrongly_in_us_core_counts_where_its_path_stands() -> None:
    tribe = node(f"{CORE}/us-core-tribal-affiliation", "extension:tribalAffiliation.value[x]")
    assert (tribe.min, tribe.types) == (1, (TypeRule(code="CodeableConcept"),))


def test_the_chain_of_us_core_blood_pressure() -> None:
    said = profile(f"{CORE}/us-core-blood-pressure")
    assert said.chain == (f"{CORE}/us-core-vital-signs", f"{FHIR}/vitalsigns", f"{FHIR}/Observation")
    assert keys(said.root) == ["vs-2"]
    assert keys(said.root.children["effective[x]"]) == ["vs-1"]
    category = said.root.children["category"]
    assert category.slicing == Slicing(discriminators=(("value", "coding.code"), ("value", "coding.system")))
    assert (category.slices["VSCat"].min, category.slices["VSCat"].max) == (1, 1)
    assert category.slices["VSCat"].children["coding"].children["code"].fixed == {
        "kind": "code",
        "value": "vital-signs",
    }
    assert said.root.children["subject"].types == (TypeRule(code="Reference", targets=(f"{CORE}/us-core-patient",)),)


def test_slices_hold_what_the_sliced_element_says() -> None:
    component = node(f"{CORE}/us-core-blood-pressure", "component")
    assert (component.min, component.slicing) == (2, Slicing(discriminators=(("pattern", "code"),)))
    systolic = component.slices["systolic"]
    assert (systolic.min, systolic.max, keys(systolic)) == (1, 1, ["vs-3"])
    assert systolic.slicing is None
    assert systolic.children["code"].pattern == {
        "kind": "CodeableConcept",
        "value": {"coding": [{"system": "http://loinc.org", "code": "8480-6"}]},
    }


def test_a_choice_named_by_its_type_leaves_no_other() -> None:
    value = node(f"{CORE}/us-core-blood-pressure", "component:diastolic.value[x]")
    assert (value.types, value.slices) == ((TypeRule(code="Quantity"),), {})
    assert value.children["code"].fixed == {"kind": "code", "value": "mm[Hg]"}


def test_a_slice_of_a_choice_has_its_type() -> None:
    value = node(f"{MCODE}/mcode-genomic-variant", "value[x]")
    assert value.slicing == Slicing(discriminators=(("type", "$this"),), rules="closed")
    assert value.slices["valueCodeableConcept"].types == (TypeRule(code="CodeableConcept"),)


def test_the_chain_of_mcode_primary_cancer() -> None:
    said = profile(f"{MCODE}/mcode-primary-cancer-condition")
    assert said.chain == (
        f"{CORE}/us-core-condition-problems-health-concerns",
        f"{FHIR}/Condition",
    )
    assert said.root.children["subject"].types == (TypeRule(code="Reference", targets=(f"{CORE}/us-core-patient",)),)
    assert said.root.children["category"].slices["us-core"].binding == Binding(
        value_set="http://hl7.org/fhir/us/core/ValueSet/us-core-problem-or-health-concern"
    )
    assert said.root.children["stage"].children["assessment"].types[0].targets == (f"{MCODE}/mcode-cancer-stage",)
    extension = said.root.children["extension"]
    assert extension.slices["assertedDate"].types[0].profiles == (f"{FHIR}/condition-assertedDate",)
    assert extension.slices["histologyMorphologyBehavior"].max == 1


def test_what_pcf_forbids_in_a_consent() -> None:
    root = profile(f"{PCF}/IHE.PCF.consentBasic").root
    assert root.children["verification"].max == 0
    provision = root.children["provision"]
    forbidden = {name for name, each in provision.children.items() if each.max == 0}
    assert forbidden == {"action", "securityLabel", "class", "code", "dataPeriod", "data", "provision"}
    assert (root.children["organization"].min, root.children["performer"].min) == (1, 1)
    assert root.children["policy"].children["uri"].min == 1


def test_the_agents_and_entities_of_a_balp_disclosure() -> None:
    root = profile(f"{BALP}/IHE.BasicAudit.PrivacyDisclosure.Source").root
    agent = root.children["agent"]
    assert {name: each.min for name, each in agent.slices.items()}.items() >= {"source": 1, "recipient": 1}.items()
    assert root.children["type"].pattern == {
        "kind": "Coding",
        "value": {"system": "http://dicom.nema.org/resources/ontology/DCM", "code": "110106"},
    }


def test_an_extension_of_r4_and_where_it_may_stand() -> None:
    said = profile(f"{FHIR}/patient-birthTime")
    assert said.contexts == (("element", "Patient.birthDate"),)
    assert said.root.children["value[x]"].types == (TypeRule(code="dateTime"),)
    assert profile(f"{FHIR}/condition-assertedDate|4.0.1").type == "Extension"


def test_a_modifier_extension_says_so() -> None:
    modifiers = {url for url in facts.definitions().profiles() if profile(url).modifier}
    assert f"{FHIR}/request-doNotPerform" in modifiers
    assert f"{FHIR}/patient-birthTime" not in modifiers


def test_decimals_of_patterns_are_exact() -> None:
    high = node(f"{FHIR}/cholesterol", "referenceRange.high").fixed
    assert high is not None
    assert str(high["value"]["value"]) == "4.5"


def test_our_extensions_are_among_them() -> None:
    said = profile(f"{CANONICAL}/StructureDefinition/decision-factors")
    assert said.root.children["extension"].slices["published-rate"].children["extension"].slices["lower"].children[
        "value[x]"
    ].types == (TypeRule(code="decimal"),)


@pytest.mark.parametrize(
    "url",
    [
        "",
        "urn:x",
        f"{CORE}/us-core-patients",
        f"{CORE}/us-core-patient|3.1.1",
        f"{CORE}/us-core-patient|",
        f"{FHIR}/Patient",
        f"{FHIR}/string",
    ],
)
def test_what_is_not_held_is_none(url: str) -> None:
    found = facts.definitions().profile(url)
    assert (found is None) is not url.endswith("|")


@pytest.mark.parametrize(
    ("url", "base"),
    [
        (f"{FHIR}/Patient", True),
        (f"{FHIR}/Patient|4.0.1", True),
        (f"{FHIR}/string", True),
        (f"{FHIR}/DomainResource", True),
        (f"{FHIR}/vitalsigns", False),
        (f"{FHIR}/SimpleQuantity", False),
        (f"{FHIR}/Patient.contact", False),
        ("Patient", False),
        (f"{CORE}/us-core-patient", False),
    ],
)
def test_a_canonical_of_a_type_is_known(url: str, base: bool) -> None:
    assert facts.definitions().is_base(url) is base


def test_every_profile_held_has_a_whole_chain() -> None:
    held = facts.definitions()
    assert len(held.profiles()) > 680
    assert [url for url in held.profiles() if held.profile(url) is None] == []
    assert [url for url in held.profiles() if not held.is_base(profile(url).chain[-1])] == []


def test_value_sets_and_code_systems_are_found_by_canonical() -> None:
    held = facts.definitions()
    gender = held.value_set("http://hl7.org/fhir/ValueSet/administrative-gender|4.0.1")
    assert gender is not None
    assert gender.listing == "male | female | other | unknown"
    category = held.code_system("http://terminology.hl7.org/CodeSystem/observation-category")
    assert category is not None
    assert (category.knows("laboratory"), category.knows("labs")) == (True, False)
    ours = held.code_system(f"{CANONICAL}/CodeSystem/concordance-degree")
    assert ours is not None
    assert ours.knows("major")
    assert held.value_set("http://hl7.org/fhir/ValueSet/nothing") is None


def test_a_binding_of_a_profile() -> None:
    assert node(f"{CORE}/us-core-patient", "communication.language").binding == Binding(
        value_set="http://hl7.org/fhir/us/core/ValueSet/simple-language", strength="extensible"
    )
