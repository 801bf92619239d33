"""Takes each page as it looks on different screens, to different people."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from playwright.sync_api import Browser, ConsoleMessage, Page, StorageState
from playwright.sync_api import Error as BrowserError

from support.browsing import patience_ms

DESKTOP = {"width": 1280, "height": 860}
PHONE = {"width": 390, "height": 844}
TALLEST = 2600
"""Pixels of a page that are taken at most."""

SCREENS: Mapping[str, Mapping[str, Any]] = {
    "desktop": {"viewport": DESKTOP},
    "dark": {"viewport": DESKTOP, "color_scheme": "dark"},
    "phone": {"viewport": PHONE},
    "phone-dark": {"viewport": PHONE, "color_scheme": "dark"},
    "wide": {"viewport": {"width": 1920, "height": 1080}},
    "200-percent": {"viewport": {"width": 640, "height": 430}, "device_scale_factor": 2},
    "forced-colours": {"viewport": DESKTOP, "forced_colors": "active"},
    "no-script": {"viewport": DESKTOP, "java_script_enabled": False},
}
"""What a browser is told, by the name that a picture ends with. At 200 % a page has half of the screen."""


@dataclass(frozen=True, slots=True)
class Shot:
    """A page by a name; `clicks` are what is clicked there first, each a selector."""

    name: str
    path: str
    clicks: Sequence[str] = ()


@dataclass(frozen=True, slots=True)
class Camera:
    """Takes pictures into a folder; `signed_in` is who looks."""

    browser: Browser
    url: str
    folder: Path
    signed_in: StorageState | None

    def take(self, shots: Sequence[Shot], screens: Sequence[str]) -> list[str]:
        """Take each page on each screen, and return what went wrong."""
        return [wrong for name in screens for wrong in self._on(name, shots)]

    def _on(self, name: str, shots: Sequence[Shot]) -> list[str]:
        context = self.browser.new_context(storage_state=self.signed_in, **SCREENS[name])
        context.set_default_timeout(patience_ms())
        page = context.new_page()
        try:
            return [wrong for shot in shots if (wrong := self._one(page, shot, name))]
        finally:
            context.close()

    def _one(self, page: Page, shot: Shot, screen: str) -> str:
        where = f"{shot.name}-{screen}"
        said: list[str] = []
        page.on("console", lambda message: said.append(message.text) if _is_wrong(message) else None)
        try:
            answer = page.goto(self.url + shot.path)
            for selector in shot.clicks:
                page.locator(selector).first.click()
            page.wait_for_timeout(150)
            width = page.viewport_size["width"] if page.viewport_size else DESKTOP["width"]
            tall = min(TALLEST, int(page.locator("html").bounding_box()["height"]))  # type: ignore[index]
            clip = {"x": 0, "y": 0, "width": width, "height": max(1, tall)}
            page.screenshot(path=self.folder / f"{where}.png", full_page=True, clip=clip)  # type: ignore[arg-type]
        except BrowserError as error:
            return f"{where}: {error.message.splitlines()[0]}"
        status = answer.status if answer else 0
        odd = [f"answered {status}"] if status >= 500 or (status >= 400 and not shot.name.startswith("no-")) else []
        return f"{where}: {'; '.join([*odd, *said])}" if odd or said else ""


def _is_wrong(message: ConsoleMessage) -> bool:
    """Say whether a page complains, of anything but a status, which is looked at by itself."""
    return message.type == "error" and "the server responded with a status" not in message.text
