"""Reads the services' metrics as Prometheus does."""

from __future__ import annotations

from dataclasses import dataclass

import requests
from prometheus_client.parser import text_string_to_metric_families


@dataclass(frozen=True)
class Scrape:
    """One answer of `/metrics`."""

    text: str

    def value(self, name: str, **labels: str) -> float:
        """Return the sum of all samples of this name that have these labels; fails where there is none."""
        found = [
            sample.value
            for family in text_string_to_metric_families(self.text)
            for sample in family.samples
            if sample.name == name and labels.items() <= sample.labels.items()
        ]
        assert found, f"no sample of {name} with {labels}"
        return sum(found)

    def names(self) -> set[str]:
        """Return the names of all samples."""
        return {sample.name for family in text_string_to_metric_families(self.text) for sample in family.samples}


def scrape(url: str) -> Scrape:
    """Return what a service tells now, at its `host:port` for operators."""
    answer = requests.get(f"{url}/metrics", timeout=5)
    assert answer.status_code == 200
    return Scrape(answer.text)
