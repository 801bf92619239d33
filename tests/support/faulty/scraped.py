"""Adds up the metrics of an installation's services over all restarts of their processes."""

from __future__ import annotations

from collections import Counter

import requests
from prometheus_client.parser import text_string_to_metric_families

from support.installation import Installation


class Scraped:
    """Sums the metrics of all services; those of a process that is to be killed are to be noted before."""

    def __init__(self, installation: Installation) -> None:
        self._installation = installation
        self._lives: dict[tuple[str, int], Counter[str]] = {}

    def note(self) -> None:
        """Read what each service that runs has counted so far; one that does not answer keeps what was read before."""
        for service in self._installation.services:
            if service.is_running():
                try:
                    told = requests.get(f"{self._installation.metrics_urls[service.name]}/metrics", timeout=5).text
                except requests.RequestException:
                    continue
                self._lives[service.name, service.pid] = _samples(told)

    def total(self, name: str) -> int:
        """Return the sum of one counter, `counterfoil_…_total` without both ends, as it was noted last."""
        return int(sum(life[f"counterfoil_{name}_total"] for life in self._lives.values()))

    def peak(self, name: str) -> int:
        """Return the greatest value of one gauge that any service was noted with last."""
        return int(max((life[f"counterfoil_{name}"] for life in self._lives.values()), default=0))


def _samples(told: str) -> Counter[str]:
    found: Counter[str] = Counter()
    for family in text_string_to_metric_families(told):
        for sample in family.samples:
            found[sample.name] += int(sample.value)
    return found
