"""Makes the registry that holds a process's metrics."""

from __future__ import annotations

from importlib.metadata import version

from prometheus_client import CollectorRegistry, Gauge, ProcessCollector, disable_created_metrics


def process_registry(service: str) -> CollectorRegistry:
    """Return a registry for a service of one process, with the process's own memory, time and files in it."""
    disable_created_metrics()  # type: ignore[no-untyped-call]  # the moment of each counter's birth would double what is scraped
    registry = CollectorRegistry()
    ProcessCollector(registry=registry)
    describe_build(service, registry)
    return registry


def secrets_gauge(registry: CollectorRegistry) -> Gauge:
    """Return the gauge of forms that wait for a secret, by the table that names it."""
    return Gauge(
        "counterfoil_form_secrets_missing",
        "Forms whose secret file cannot be read, so that their captcha or webhook waits for it.",
        ["table"],
        registry=registry,
        multiprocess_mode="livemax",
    )


def describe_build(service: str, registry: CollectorRegistry) -> None:
    """Put the service's name and version into a registry, as a label of a gauge that is always 1."""
    gauge = Gauge(
        "counterfoil_build_info",
        "The version that runs, always 1.",
        ["service", "version"],
        registry=registry,
        multiprocess_mode="max",
    )
    gauge.labels(service, version(f"counterfoil-{service}")).set(1)
