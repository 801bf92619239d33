"""How long a delivery is claimed for."""

from __future__ import annotations

from datetime import timedelta

LEASE_MARGIN_S = 15.0
"""How much longer a claim is held than a try may take: the clocks of two replicas may differ by less."""

LATE = timedelta(seconds=1)
"""How long after its claim a delivery may wait for its turn; beyond it the claim is released, and made anew."""

LEASED_AGAIN_S = 5.0
"""How soon to look again at what another worker holds: two copies of one event, and the other may soon be done."""
