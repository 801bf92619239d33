"""The addresses below `/v1`, a module for each resource. What is added to the tuple is served and described."""

from __future__ import annotations

from storage_service.console.api import audit, form_submissions, forms, stats, submission, submissions
from storage_service.console.openapi import Resource

RESOURCES: tuple[Resource, ...] = (audit, form_submissions, forms, stats, submission, submissions)
"""See `console.openapi.Resource` for what a module has."""
