"""A request for information as a workflow in FHIR, for the holder alone: what was asked, decided, found and told.

A Task for the request and one for the review of a denial, the papers as Consents, the letters as Communications, who
decided and what stays as Provenance, every decision and disclosure as AuditEvent. It names what was withheld and why:
each resource is labelled as the holder's own, and the gate lets nothing with that label go.
"""

from adapter.workflow.bundle import Workflow, workflow_of
from adapter.workflow.gather import matter_at

__all__ = ["Workflow", "matter_at", "workflow_of"]
