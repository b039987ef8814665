"""What `explain` prints is what the code holds: facts that an integrator would look up."""

import json
from typing import Any

import pytest
from click.testing import CliRunner

from adapter.cli.explain import explain_command

QUERIES = (
    ("mapping",),
    ("mapping", "--summary"),
    ("consent",),
    ("consent", "--switches"),
    ("codes",),
    ("completeness",),
)


def run(*arguments: str) -> str:
    done = CliRunner().invoke(explain_command, arguments)
    assert done.exit_code == 0, done.output
    return done.stdout


def read(*arguments: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads(run(*arguments, "--json"))
    return found


def test_a_field_goes_where_its_rule_says() -> None:
    assert [line for line in read("mapping") if line["domain"] == "request.urgency"] == [
        {
            "mapper": "fhir.service_request",
            "domain": "request.urgency",
            "FHIR": "ServiceRequest.priority",
            "note": "emergency is stat; asap is read as urgent",
        }
    ]


def test_every_module_with_rules_is_in_the_mapping() -> None:
    named = list(dict.fromkeys(line["mapper"] for line in read("mapping")))
    assert {"fhir.task", "fhir.access_task", "fhir.custody_task", "fhir.observation", "fhir.consent"} < set(named)
    assert "fhir.wire" not in named, "it has no rules"
    assert [name for name in named if name.startswith("fhir.")] == sorted(n for n in named if n.startswith("fhir."))


def test_the_summary_has_one_line_a_mapper() -> None:
    lines = read("mapping", "--summary")
    assert len(lines) == len({line["mapper"] for line in read("mapping")})
    assert {
        "domain": "Part, block and slide",
        "FHIR": "Specimen",
        "profiles": [
            "http://hl7.org/fhir/us/core/StructureDefinition/us-core-specimen",
            "http://hl7.org/fhir/us/mcode/StructureDefinition/mcode-human-specimen",
            "https://w3id.org/second-opinion/fhir/StructureDefinition/second-opinion-material",
        ],
    } in lines
    assert {
        "domain": "Where images can be fetched",
        "FHIR": "Endpoint",
        "profiles": ["http://hl7.org/fhir/StructureDefinition/Endpoint"],
    } in lines, "what claims nothing is of the base type's own profile"
    assert {
        "domain": "The holder's record of a disclosure",
        "FHIR": "AuditEvent",
        "profiles": [
            "https://profiles.ihe.net/ITI/BALP/StructureDefinition/IHE.BasicAudit.PrivacyDisclosure.Source",
            "https://w3id.org/second-opinion/fhir/StructureDefinition/second-opinion-disclosure",
        ],
    } in lines


def test_the_summary_as_markdown() -> None:
    lines = run("mapping", "--summary", "--format", "markdown").splitlines()
    assert lines[:2] == ["| domain | FHIR | profiles |", "|---|---|---|"]
    ours = "https://w3id.org/second-opinion/fhir/StructureDefinition/second-opinion-release"
    theirs = "http://hl7.org/fhir/us/core/StructureDefinition/us-core-provenance"
    profiles = f"[us-core-provenance]({theirs})<br>[second-opinion-release]({ours})"
    assert f"| Where something comes from | `Provenance` | {profiles} |" in lines


def test_a_rule_of_the_law_with_its_paragraph() -> None:
    assert {
        "rule": "basis.provider",
        "paragraph": "45 CFR 164.506(c)(2)",
        "does": "Treatment needs a recipient known to be a health care provider.",
        "bases": "treatment",
    } in read("consent")


def test_a_switch_says_its_position_what_it_means_and_what_turning_it_means() -> None:
    lines = {line["switch"]: line for line in read("consent", "--switches")}
    assert lines["specimens_in_drs"] == {
        "switch": "specimens_in_drs",
        "value": "false",
        "since": "2014-10-06",
        "paragraph": "45 CFR 164.501",
        "reading": "ours",
        "means": "Slides and blocks are no copy of information: they lie outside the right of access.",
        "turned": "A slide or block is an item of the record set and subject to access.",
    }
    assert (lines["directive_needs_ehr"]["value"], lines["directive_needs_ehr"]["since"]) == ("true", "2020-01-23")
    assert (lines["access_days"]["value"], lines["access_days"]["reading"]) == ("30", "")


def test_rules_are_in_the_order_of_evaluation() -> None:
    rules = [line["rule"] for line in read("consent")]
    assert rules[0] == "basis.holder-use"
    assert len(rules) == len(set(rules))


def test_a_word_and_its_codes() -> None:
    about = [line for line in read("codes") if (line["table"], line["value"]) == ("request-reason", "patient-wish")]
    assert [(line["equivalence"], line["system"], line["code"]) for line in about] == [
        ("equivalent", "https://w3id.org/second-opinion/fhir/CodeSystem/request-reason", "patient-wish"),
        ("equivalent", "http://terminology.hl7.org/CodeSystem/v2-0336", "P"),
    ]


@pytest.mark.parametrize("query", QUERIES)
def test_a_pipe_gets_one_line_a_row(query: tuple[str, ...]) -> None:
    lines = run(*query).splitlines()
    assert len(lines) == len(read(*query)) + 1
    assert not [line for line in lines if line != line.rstrip() or "\x1b" in line]


@pytest.mark.parametrize("query", QUERIES)
def test_markdown_has_as_many_cells_as_titles(query: tuple[str, ...]) -> None:
    lines = run(*query, "--format", "markdown").splitlines()
    assert {line.replace("\\|", "").count("|") for line in lines} == {lines[0].count("|")}
    assert len(lines) == len(read(*query)) + 2


def test_a_cell_with_a_bar_is_escaped() -> None:
    from adapter.cli.explain import _markdown

    assert _markdown([{"note": "a|b"}]) == ["| note |", "|---|", "| a\\|b |"]


def test_another_table_is_refused() -> None:
    assert CliRunner().invoke(explain_command, ["mappings"]).exit_code == 2
    assert CliRunner().invoke(explain_command, ["codes", "--format", "html"]).exit_code == 2


def test_every_need_of_a_reviewer_is_told_with_its_reason() -> None:
    found = read("completeness")
    assert {line["level"] for line in found} == {"required", "recommended", "recommended after surgery"}
    assert all(line["why"] and line["reference"] for line in found)
    radiology = [line for line in found if line["need"] == "the radiology images"]
    assert [(line["scope"], line["level"]) for line in radiology] == [
        ("multidisciplinary", "required"),
        ("pathology-only", "recommended"),
    ]
