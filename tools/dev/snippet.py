"""`make snippet` makes counterfoil.js, as pages load it, from its readable source."""

from __future__ import annotations

import subprocess

from dev import clients
from dev.steps import ROOT, say

SOURCE = ROOT / "gateway" / "scripts" / "counterfoil.js"
SERVED = ROOT / "gateway" / "src" / "gateway" / "pages" / "static" / "counterfoil.js"
_ESBUILD = clients.FOLDER / "node_modules" / "esbuild" / "bin" / "esbuild"


def build() -> bytes:
    """Return the source without comments, blanks and long names."""
    command = [clients.node(), str(_ESBUILD), "--minify", "--charset=utf8", "--target=es2021", str(SOURCE)]
    return subprocess.run(command, capture_output=True, check=True).stdout


def main() -> None:
    """Write the file that is served."""
    SERVED.write_bytes(build())
    say(f"{SERVED.relative_to(ROOT)}: {SERVED.stat().st_size} bytes")


if __name__ == "__main__":
    main()
