"""Renders `deploy/kubernetes/` with kustomize itself."""

from __future__ import annotations

import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, TypeAlias

import yaml

from support.service import ROOT, run

FOLDER = ROOT / "deploy" / "kubernetes"
KUBECTL = Path(sys.executable).with_name("kubectl")
BROKER, DATABASE, MAIL = "counterfoil-rabbitmq", "postgres.example.org", "smtp://user:password@mail.example.org:587"
Manifest: TypeAlias = dict[str, Any]


def rendered(folder: Path) -> list[Manifest]:
    """Return the manifests that a kustomization makes; fails with kustomize's own words."""
    done = subprocess.run([KUBECTL, "kustomize", folder], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return [manifest for manifest in yaml.safe_load_all(done.stdout) if manifest]


def make_example(directory: Path) -> Path:
    """Return a copy of the example below `directory`, with its secrets made as docs/operations.md says."""
    shutil.copytree(FOLDER, directory / "kubernetes", ignore=shutil.ignore_patterns("secrets"))
    example = directory / "kubernetes" / "example"
    secrets = example / "secrets"
    settings = {"PYTHONPATH": str(ROOT / "deploy"), "BROKER_HOSTS": BROKER, "DATABASE_HOST": DATABASE}
    run("credentials", str(secrets), settings=settings)
    run("gateway", "setup", str(secrets / "gateway"), settings={})
    (secrets / "notify" / "smtp_url").write_text(f"{MAIL}\n")
    return example


def of_kind(manifests: list[Manifest], kind: str) -> dict[str, Manifest]:
    """Return those of one kind by name."""
    return {manifest["metadata"]["name"]: manifest for manifest in manifests if manifest["kind"] == kind}


def pods(manifests: list[Manifest]) -> Iterator[tuple[str, Manifest]]:
    """Yield the name and the pod's spec of each deployment."""
    for name, deployment in of_kind(manifests, "Deployment").items():
        yield name, deployment["spec"]["template"]["spec"]


def environment(container: Manifest, manifests: list[Manifest]) -> Mapping[str, str]:
    """Return the variables that a container gets, but for those out of a Secret."""
    found: dict[str, str] = {}
    for source in container.get("envFrom", []):
        found |= of_kind(manifests, "ConfigMap")[source["configMapRef"]["name"]]["data"]
    return found | {each["name"]: each["value"] for each in container["env"] if "value" in each}
