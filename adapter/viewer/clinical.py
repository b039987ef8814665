"""The diagnoses as they are known, and the procedures done."""

from adapter.viewer.index import Index
from adapter.viewer.markup import Child, Html, el, items, joined, pairs, section, table
from adapter.viewer.say import concept, identifier, label, span, when
from adapter.viewer.words import CERTAINTIES, CLINICAL, DIAGNOSES, LATERALITIES, PROCEDURES, word
from mappings.domain.clinical import Diagnosis, Procedure


def clinical(index: Index) -> Html:
    """The section."""
    told = [_diagnosis(index, diagnosis) for diagnosis in index.case.diagnoses]
    none = None if told else el("p", "No diagnosis is in this bundle.", class_="quiet")
    rows = [_procedure(index, procedure) for procedure in index.case.procedures]
    done = table("Procedures", ["Procedure", "When", "By", "Outcome"], rows, "procedures")
    return section("diagnoses", "Diagnoses", *told, none, done)


def _diagnosis(index: Index, diagnosis: Diagnosis) -> Html:
    facts = pairs(
        [
            ("Kind", DIAGNOSES[diagnosis.kind]),
            ("Code", concept(diagnosis.code)),
            ("Certainty", word(CERTAINTIES, diagnosis.certainty)),
            ("Course", word(CLINICAL, diagnosis.clinical_status)),
            ("Morphology", concept(diagnosis.morphology)),
            ("Site", joined(", ", concept(diagnosis.body_site), word(LATERALITIES, diagnosis.laterality))),
            ("Stage", concept(diagnosis.stage)),
            ("Onset", when(diagnosis.onset)),
            ("Recorded", joined(", ", when(diagnosis.recorded), index.party(diagnosis.asserter))),
            ("Primary", index.link(diagnosis.primary) if diagnosis.primary else None),
            ("Evidence", index.links(diagnosis.evidence)),
            ("Numbers", items([identifier(i) for i in diagnosis.identifiers])),
            ("Note", diagnosis.note),
        ],
        "facts wide",
    )
    return el("article", el("h3", diagnosis.code.label), facts, id=index.anchors[diagnosis.id])


def _procedure(index: Index, procedure: Procedure) -> list[Child]:
    named = joined(" · ", procedure.code.label, label(procedure.body_site), procedure.note)
    state = PROCEDURES[procedure.status]
    done = when(procedure.performed) or span(procedure.period)
    return [
        named,
        joined(" · ", done, state if procedure.status != "completed" else None) or "–",
        index.parties(procedure.performers) or "–",
        label(procedure.outcome) or "–",
    ]
