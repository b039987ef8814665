"""The words of the page: what each value of the domain is called when a person reads it."""

REASONS = {
    "rare-cancer": "Rare cancer",
    "diagnostic-discordance": "Findings do not agree with the diagnosis",
    "before-irreversible-treatment": "Before a treatment that cannot be undone",
    "borderline-pathology": "Borderline pathology",
    "insurance-required": "Required by the insurance",
    "patient-wish": "The patient’s wish",
}
SCOPES = {"pathology-only": "Pathology only", "multidisciplinary": "Multidisciplinary"}
URGENCIES = {"routine": "Routine", "urgent": "Urgent", "emergency": "Emergency"}
EMERGENCIES = {
    "superior-vena-cava-syndrome": "superior vena cava syndrome",
    "spinal-cord-compression": "spinal cord compression",
}
STATUSES = {
    "requested": "Requested",
    "received": "Received",
    "accepted": "Accepted",
    "rejected": "Declined",
    "in-progress": "In progress",
    "on-hold": "On hold",
    "completed": "Completed",
    "failed": "Ended without a result",
    "cancelled": "Cancelled",
}
DETAILS = {
    "awaiting-materials": "waiting for materials",
    "awaiting-information": "waiting for information",
    "awaiting-interpretation": "waiting for interpretation",
    "preliminary-outcome": "preliminary outcome",
}
CONFIDENCE = {"low": "Low", "moderate": "Moderate", "high": "High"}
CONSEQUENCE = {"reversible": "Reversible", "irreversible": "Irreversible", "life-altering": "Life-altering"}
TIME = {"hours": "Hours", "days": "Days", "weeks": "Weeks", "no-limit": "No limit"}
COVERAGE = {
    "required-by-payer": "Review required by the payer",
    "covered": "Covered",
    "self-pay": "Paid by the patient",
    "not-covered": "Not covered",
    "unknown": "Unknown",
}
PREFERENCE = {"wants": "Wants a second opinion", "indifferent": "No preference", "declines": "Declines"}
GENDERS = {"male": "Male", "female": "Female", "other": "Other", "unknown": "Unknown"}
IDENTIFIERS = {
    "MR": "Medical record number",
    "ACSN": "Accession",
    "PLAC": "Order (placer)",
    "FILL": "Order (filler)",
    "NPI": "NPI",
    "MB": "Member number",
}
NAME_USES = {
    "usual": "usual",
    "official": "official",
    "temp": "temporary",
    "nickname": "nickname",
    "anonymous": "anonymous",
    "old": "former",
    "maiden": "maiden",
}
CONTACTS = {
    "phone": "Phone",
    "fax": "Fax",
    "email": "E-mail",
    "pager": "Pager",
    "url": "Web",
    "sms": "SMS",
    "other": "Contact",
}
ACCREDITATIONS = {
    "cap": "CAP accredited laboratory",
    "coc": "CoC accredited cancer program",
    "nci-designated": "NCI-designated cancer center",
    "nci-comprehensive": "NCI-designated comprehensive cancer center",
}
ORGANIZATIONS = {
    "provider": "Provider",
    "laboratory": "Laboratory",
    "review_center": "Review center",
    "payer": "Payer",
    "other": "Organization",
}
RELATIONSHIPS = {
    "guardian": "Guardian",
    "health_care_proxy": "Health care proxy",
    "power_of_attorney": "Power of attorney",
    "durable_power_of_attorney": "Durable power of attorney",
    "other": "Related person",
}
COVERED_AS = {"self": "the patient", "spouse": "spouse", "child": "child", "parent": "parent", "other": "other"}
COVERAGE_STATUSES = {
    "active": "Active",
    "cancelled": "Cancelled",
    "draft": "Draft",
    "entered-in-error": "Entered in error",
}
LATERALITIES = {"left": "left", "right": "right", "bilateral": "both sides", "unpaired": "unpaired"}
REMAINING = {"ample": "ample tissue left", "limited": "little tissue left", "exhausted": "no tissue left"}
SLIDES = {"original": "original", "recut": "recut", "unstained": "unstained"}
CUSTODY = {
    "requested": "Requested",
    "released": "Released",
    "shipped": "Shipped",
    "received": "Received",
    "returned": "Returned",
    "lost": "Lost",
    "broken": "Broken",
    "recut": "Recut",
    "discarded": "Discarded",
}
TROUBLE = frozenset({"lost", "broken", "discarded"})
"""Custody states in which the material is not there any more."""

STUDY_STATUSES = {
    "registered": "Registered",
    "available": "Available",
    "cancelled": "Cancelled",
    "entered-in-error": "Entered in error",
    "unknown": "Unknown",
}
REPORT_KINDS = {
    "surgical-pathology": "Surgical pathology",
    "cytology": "Cytology",
    "hematopathology": "Hematopathology",
    "radiology": "Radiology",
    "laboratory": "Laboratory",
    "genomics": "Genomics",
    "pathology-consult": "Pathology consultation",
    "radiology-consult": "Radiology consultation",
    "oncology-consult": "Oncology consultation",
    "tumor-board": "Tumor board",
}
REPORT_STATUSES = {
    "registered": "Registered, no result yet",
    "partial": "Partial",
    "preliminary": "Preliminary",
    "final": "Final",
    "amended": "Amended",
    "corrected": "Corrected",
    "appended": "Final with addendum",
    "cancelled": "Cancelled",
}
ROLES = {"original": "Original", "review": "Review"}
SECTIONS = {
    "history": "Clinical history",
    "gross": "Gross description",
    "microscopic": "Microscopic description",
    "ancillary": "Ancillary studies",
    "intraoperative": "Intraoperative consultation",
    "diagnosis": "Diagnosis",
    "comment": "Comment",
    "findings": "Findings",
    "impression": "Impression",
}
FINDINGS = {
    "histology": "Histologic type",
    "behavior": "Behavior",
    "grade": "Grade",
    "margin": "Margins",
    "invasion": "Invasion",
    "lymph-node": "Lymph nodes",
    "biomarker": "Biomarker",
    "tumor-size": "Tumor size",
    "stage-group": "Stage group",
    "stage-t": "T category",
    "stage-n": "N category",
    "stage-m": "M category",
    "imaging": "Imaging finding",
    "other": "Finding",
}
INTERPRETATIONS = {
    "abnormal": "abnormal",
    "normal": "normal",
    "positive": "positive",
    "negative": "negative",
    "indeterminate": "indeterminate",
    "detected": "detected",
    "not-detected": "not detected",
}
ABSENT = {
    "unknown": "Unknown",
    "not-performed": "Not performed",
    "not-applicable": "Not applicable",
    "masked": "Masked",
    "asked-unknown": "Asked, but unknown",
    "unsupported": "Not supported",
}
DEGREES = {
    "agree": "Agreement",
    "minor": "Minor discordance",
    "major": "Major discordance",
    "deferred": "Deferred",
}
MEANINGS = {
    "agree": "The review comes to the same diagnosis.",
    "minor": "The review differs without consequence for treatment or prognosis.",
    "major": "The review differs with consequence for treatment or prognosis.",
    "deferred": "No comparison yet: more material or tests are needed.",
}
SIGNS = {"agree": "=", "minor": "≠", "major": "≠≠", "deferred": "…"}
"""A sign beside the words, so that the degree never hangs on colour."""

ASPECTS = {
    "diagnosis": "Diagnosis",
    "type": "Histologic type",
    "behavior": "Behavior",
    "grade": "Grade",
    "stage": "Stage",
    "margin": "Margins",
    "invasion": "Invasion",
    "biomarker": "Biomarker",
    "site": "Site",
    "other": "Other",
}
IMPACTS = {
    "none": "No impact",
    "follow-up": "Follow-up changed",
    "treatment-changed": "Treatment changed",
    "treatment-avoided": "Treatment avoided",
    "prognosis": "Prognosis changed",
    "undetermined": "Impact not known yet",
}
DIAGNOSES = {"primary-cancer": "Primary cancer", "secondary-cancer": "Secondary cancer", "other": "Other diagnosis"}
CLINICAL = {
    "active": "Active",
    "recurrence": "Recurrence",
    "relapse": "Relapse",
    "inactive": "Inactive",
    "remission": "Remission",
    "resolved": "Resolved",
}
CERTAINTIES = {
    "unconfirmed": "Unconfirmed",
    "provisional": "Provisional",
    "differential": "Differential",
    "confirmed": "Confirmed",
    "refuted": "Refuted",
}
PROCEDURES = {
    "preparation": "In preparation",
    "not-done": "Not done",
    "in-progress": "In progress",
    "on-hold": "On hold",
    "stopped": "Stopped",
    "completed": "Completed",
    "entered-in-error": "Entered in error",
    "unknown": "Status unknown",
}
NEED_STATES = {
    "missing": "Missing",
    "unreadable": "Cannot be read",
    "unclear": "Needs a person",
    "promised": "Promised",
    "on-its-way": "On its way",
    "here": "Here",
}
LEVELS = {"required": "Required", "recommended": "Recommended"}
PATHWAYS = {"access": "The patient’s right of access", "disclosure": "Disclosure between providers or by authorization"}
MODALITIES = {
    "SM": "Slide microscopy",
    "GM": "General microscopy",
    "XC": "Photography",
    "CT": "Computed tomography",
    "MR": "Magnetic resonance",
    "PT": "Positron emission tomography",
    "NM": "Nuclear medicine",
    "CR": "Computed radiography",
    "DX": "Digital radiography",
    "MG": "Mammography",
    "US": "Ultrasound",
    "SR": "Structured report",
    "KO": "Key objects",
    "PR": "Presentation state",
    "SEG": "Segmentation",
    "RTSTRUCT": "Radiotherapy structures",
    "RTPLAN": "Radiotherapy plan",
    "RTDOSE": "Radiotherapy dose",
    "DOC": "Document",
}
SYSTEMS = {
    "http://snomed.info/sct": "SNOMED CT",
    "http://loinc.org": "LOINC",
    "http://hl7.org/fhir/sid/icd-10-cm": "ICD-10-CM",
    "http://hl7.org/fhir/sid/icd-10": "ICD-10",
    "http://terminology.hl7.org/CodeSystem/icd-o-3": "ICD-O-3",
    "http://www.cap.org/eCC": "CAP eCC",
    "http://www.ama-assn.org/go/cpt": "CPT",
    "http://www.nlm.nih.gov/research/umls/rxnorm": "RxNorm",
    "http://dicom.nema.org/resources/ontology/DCM": "DICOM",
    "http://unitsofmeasure.org": "UCUM",
    "https://cancerstaging.org": "AJCC",
    "http://cancerstaging.org": "AJCC",
}


def word(words: dict[str, str], value: str | None) -> str | None:
    """What the value is called, the value itself where the page has no name for it, None for None."""
    return None if value is None else words.get(value, value)


def plain(code: str) -> str:
    """A code-like word (`pathology_report`) as people write it."""
    return code.replace("_", " ").replace("-", " ").capitalize()
