"""`python -m tests.support.pictures [FOLDER]` takes pictures of every page of the console, for people to look at.

Three installations: with nothing in it, with something of everything, and with 100,000 submissions. It says what a page
complained of, and exits with 1 then.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from playwright.sync_api import Browser

from dev.broker import Broker
from support.browsing import chromium
from support.owned import SOME, take_over, unowned
from support.pictures import for_docs, lively
from support.pictures.camera import SCREENS, Camera, Shot
from support.pictures.shots import of_owners, of_strangers, of_submissions
from support.service import ROOT

MANY = 100_000
WORLDS: Mapping[str, int] = {"none": 0, "some": SOME, "many": MANY}
"""How many submissions came in the last month."""

FEW = ("desktop", "phone")
"""The screens of what differs only by how much is there."""


def main() -> int:
    """Take all of them."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path, nargs="?", default=ROOT / ".run" / "pictures")
    parser.add_argument("--worlds", nargs="+", choices=[*WORLDS], default=[*WORLDS])
    parser.add_argument("--screens", nargs="+", choices=[*SCREENS], default=[*SCREENS])
    parser.add_argument("--docs", action="store_true", help="take those of docs/console.md instead")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="counterfoil-pictures-") as place, chromium() as browser:
        broker = Broker(Path(place) / "rabbitmq")
        broker.start()
        try:
            wrong = [
                line
                for world in given.worlds
                for line in _Taking(world, Path(place) / world, broker.fresh_vhost(), browser).take(given)
            ]
        finally:
            broker.kill()
    print("\n".join(wrong) or f"all are in {for_docs.FOLDER if given.docs else given.folder}")
    return 1 if wrong else 0


@dataclass(frozen=True, slots=True)
class _Taking:
    """The pictures of one installation."""

    world: str
    place: Path
    broker_url: str
    browser: Browser

    def take(self, given: argparse.Namespace) -> list[str]:
        """Take them, and return what went wrong."""
        screens = given.screens if self.world == "some" else [one for one in given.screens if one in FEW]
        folder: Path = given.folder / self.world
        folder.mkdir(parents=True, exist_ok=True)
        with unowned(self.place, self.broker_url, WORLDS[self.world]) as (installation, link):
            url, wrong = installation.gateway_url, list[str]()
            if self.world == "none" and not given.docs:
                wrong += self._of_strangers(Camera(self.browser, url, folder, None), link, screens)
            ids = lively.enliven(installation) if self.world == "some" else {}
            owned = take_over(installation, link, self.browser, ids)
            if given.docs:
                return for_docs.take(self.world, self.browser, url, owned.signed_in, ids)
            shots = [*of_owners(), *(of_submissions(ids) if ids else ())]
            return wrong + Camera(self.browser, url, folder, owned.signed_in).take(shots, screens)

    def _of_strangers(self, camera: Camera, link: str, screens: Sequence[str]) -> list[str]:
        opened = Shot("setup", link.removeprefix(camera.url))
        return camera.take([opened, *of_strangers()], screens)


if __name__ == "__main__":
    sys.exit(main())
