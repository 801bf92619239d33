"""Sends random input to an installation for a given time: `python -m tests.support.fuzz MINUTES [SEED]`.

So many minutes of schemathesis against a running installation, then as many of every Hypothesis test; between them it
measures that a try to sign in takes alike whoever it is. It prints its seed: the same one throws the same things. Exits
with 1 as soon as something is found.
"""

from __future__ import annotations

import argparse
import random
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from dev.broker import Broker
from support import sign_in_times
from support.fuzzed import ACCEPTED, fuzzed_installation, schemathesis
from support.service import ROOT

TEST_MOST_S = 3600
"""How long one test may take before it counts as hung: one that is thorough takes fifteen times as long as usual."""


def main() -> int:
    """Do what the command line asks for."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("minutes", type=float)
    parser.add_argument("seed", type=int, nargs="?", default=random.randrange(2**31))  # noqa: S311 - no secret
    given = parser.parse_args()
    print(f"seed {given.seed}", flush=True)
    seconds = given.minutes * 60
    return _schemathesis(seconds, given.seed) or sign_in_times.main() or _hypothesis(seconds, given.seed)


def _schemathesis(seconds: float, seed: int) -> int:
    with tempfile.TemporaryDirectory(prefix="counterfoil-fuzz-") as place:
        broker = Broker(Path(place) / "rabbitmq")
        broker.start()
        try:
            with fuzzed_installation(Path(place) / "installation", broker.fresh_vhost()) as installation:
                for accept in ACCEPTED:
                    print(f"schemathesis, asking for {accept}: {seconds / len(ACCEPTED):.0f} s", flush=True)
                    done = schemathesis(installation, accept, seed=seed, seconds=round(seconds / len(ACCEPTED)))
                    print(done.stdout, flush=True)
                    if done.returncode:
                        return 1
        finally:
            broker.kill()
    return 0


def _hypothesis(seconds: float, seed: int) -> int:
    """Run every Hypothesis test again and again, each time with the next seed."""
    until = time.monotonic() + seconds
    while (left_s := until - time.monotonic()) > 0:
        print(f"hypothesis, seed {seed}: {left_s:.0f} s left", flush=True)
        options = ["-q", "-x", "-m", "hypothesis", "--hypothesis-profile=fuzz", f"--hypothesis-seed={seed}"]
        options += ["-o", f"faulthandler_timeout={TEST_MOST_S}"]
        done = subprocess.run([sys.executable, "-m", "pytest", *options], cwd=ROOT, check=False)
        if done.returncode:
            return 1
        seed += 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
