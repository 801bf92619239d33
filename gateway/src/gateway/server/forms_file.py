"""Reads the forms' file, and keeps a copy of the last good one for workers that start while the file is wrong."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path

from gateway.http.site import Site
from gateway.settings import Settings
from shared import forms

_KEPT = "COUNTERFOIL_FORMS_KEPT"
"""Tells the workers where the last good forms are, so that one that dies while their file is wrong can be replaced."""


def load_forms(settings: Settings, kept: Path | None = None) -> forms.ReloadingForms:
    """Return the forms as the settings name them; raises `FormsError` where they are wrong, and no copy is kept."""
    warnings = partial(
        forms.find_warnings,
        secrets=settings.form_secrets,
        tables=["captcha"],
        upload_most=settings.uploads.request_bytes,
        can_link=Site(settings.public_url, settings.bind).url is not None,
    )
    return forms.ReloadingForms(
        settings.forms,
        kept,
        warnings,
        can_seal=settings.sealing_key is not None,
        can_keep_files=settings.files is not None,
    )


def kept_forms() -> Path | None:
    """Return where a worker keeps the last good forms; None without a place."""
    place = os.environ.get(_KEPT)
    return Path(place) if place else None


@contextmanager
def place_for_kept_forms() -> Iterator[None]:
    """Give the workers a place for the last good forms, where the machine has one."""
    try:
        place = tempfile.TemporaryDirectory(prefix="counterfoil-")
    except OSError:
        yield
        return
    with place as directory:
        os.environ[_KEPT] = str(Path(directory, "forms.toml"))
        yield
