"""Checks at start whether the settings about files make a store, without asking anything of it."""

from __future__ import annotations

from shared.files.opening import store_at
from shared.files.settings import FilesSettings
from shared.files.store import StoreUnavailable


def problems(settings: FilesSettings | None) -> list[str]:
    """Return what is wrong with the settings together, for `shared.settings.sealed`."""
    if settings is None:
        return []
    if (settings.key_id is None) != (settings.secret is None):
        missing = "SECRET" if settings.secret is None else "KEY_ID"
        return [f"COUNTERFOIL_FILES_{missing}: a key has two halves, and the other one is set: set both, or none"]
    try:
        store_at(settings)
    except StoreUnavailable as error:
        return [f"COUNTERFOIL_FILES_URL: {error}: see COUNTERFOIL_FILES_KEY_ID and COUNTERFOIL_FILES_SECRET"]
    return []
