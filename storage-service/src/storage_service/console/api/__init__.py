"""The addresses below `/v1`, a module for each resource. What is added to the tuple is served and described."""

from __future__ import annotations

from storage_service.console.api import (
    audit,
    bulk,
    changes,
    erasing,
    export,
    files,
    form_submissions,
    forms,
    hooks,
    jobs,
    keys,
    parked,
    retention,
    sealed,
    sessions,
    spam,
    stats,
    subjects,
    submission,
    submissions,
    suppressions,
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
    files,
    form_submissions,
    forms,
    hooks,
    jobs,
    keys,
    parked,
    retention,
    sealed,
    sessions,
    spam,
    stats,
    subjects,
    submission,
    submissions,
    suppressions,
    users,
    views,
)
"""See `console.openapi.Resource` for what a module has."""
