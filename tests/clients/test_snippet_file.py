"""counterfoil.js as it is served: small, up to date with its source, and safe to load from any page."""

from __future__ import annotations

import requests

from dev import snippet
from support.installation import Installation

SIZE_MOST_BYTES = 9216


def test_it_is_made_from_its_source() -> None:
    assert snippet.SERVED.read_bytes() == snippet.build(), "run `make snippet`"


def test_it_is_small_and_kept_for_a_while(installation: Installation) -> None:
    answer = requests.get(f"{installation.gateway_url}/counterfoil.js", timeout=10)
    assert answer.status_code == 200
    assert len(answer.content) < SIZE_MOST_BYTES
    assert answer.headers["Content-Type"].startswith("text/javascript")
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert answer.headers["Cross-Origin-Resource-Policy"] == "cross-origin"
    assert "max-age=" in answer.headers["Cache-Control"]
    unchanged = {"If-None-Match": answer.headers["ETag"]}
    assert requests.get(answer.url, headers=unchanged, timeout=10).status_code == 304
