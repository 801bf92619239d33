"""The addresses below `/v1`, a module for each resource. What is added to the tuple is served and described."""

from __future__ import annotations

from storage_service.console.api import (
    audit,
    bulk,
    changes,
    erasing,
    export,
    form_submissions,
    forms,
    hooks,
    jobs,
    keys,
    parked,
    retention,
    sealed,
    sessions,
    stats,
    subjects,
    submission,
    submissions,
    users,
    views,
)
from storage_service.console.openapi import Resource

RESOURCES: tuple[Resource, ...] = (
    audit,
    bulk,
    changes,
    erasing,
    export,
    form_submissions,
    forms,
    hooks,
    jobs,
    keys,
    parked,
    retention,
    sealed,
    sessions,
    stats,
    subjects,
    submission,
    submissions,
    users,
    views,
)
"""See `console.openapi.Resource` for what a module has."""
