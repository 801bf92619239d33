"""Takes the pictures of docs/console.md: few, and small files."""

from __future__ import annotations

import base64
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from playwright.sync_api import Browser, StorageState

from support.pictures.camera import PHONE
from support.service import ROOT

FOLDER = ROOT / "docs" / "console"
QUALITY = 70
MOST_BYTES = 60_000
_DESK = {"width": 1120, "height": 720}

_OF: Mapping[str, Mapping[str, tuple[str, Mapping[str, Any]]]] = {
    "none": {"empty": ("/console/inbox", {"viewport": _DESK})},
    "some": {
        "inbox": ("/console/inbox", {"viewport": _DESK}),
        "submission": ("/console/submissions/{plain}", {"viewport": _DESK}),
        "forms": ("/console/forms", {"viewport": _DESK}),
        "dark": ("/console/inbox?q=form%3Acontact", {"viewport": _DESK, "color_scheme": "dark"}),
        "phone": ("/console/inbox", {"viewport": PHONE}),
    },
}
"""By what an installation has in it: the file's name, the page, and the screen."""


def take(world: str, browser: Browser, url: str, signed_in: StorageState, ids: Mapping[str, str]) -> list[str]:
    """Take those of one installation; returns which have become too large."""
    FOLDER.mkdir(exist_ok=True)
    return [
        wrong
        for name, (path, screen) in _OF.get(world, {}).items()
        if (wrong := _one(FOLDER / f"{name}.webp", browser, url + path.format(**ids), signed_in, screen))
    ]


def _one(file: Path, browser: Browser, address: str, signed_in: StorageState, screen: Mapping[str, Any]) -> str:
    context = browser.new_context(storage_state=signed_in, **screen)
    page = context.new_page()
    page.goto(address)
    page.wait_for_timeout(300)
    asked = {"format": "webp", "quality": QUALITY}
    taken = base64.b64decode(context.new_cdp_session(page).send("Page.captureScreenshot", asked)["data"])
    context.close()
    file.write_bytes(taken)
    return "" if len(taken) <= MOST_BYTES else f"{file.name} has {len(taken)} bytes: {MOST_BYTES} at most"
