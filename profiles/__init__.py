"""Our FHIR package as data: one artefact per JSON file, read through importlib.resources."""
