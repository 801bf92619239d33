"""`python3 deploy/swarm [STACK]`: deploys docker-compose.yml with stack.yml to this Swarm, or updates it.

Run it on a manager, from anywhere; STACK is `counterfoil` unless named, and the settings are those of Compose (`.env`).
Its first run makes the installation's secrets, in `secrets/` or where COUNTERFOIL_SECRETS says, and hands them over.
What an installation adds of its own stands in `override.yml` beside stack.yml: it is read last, if it is there.
What Compose orders by `depends_on` it orders too: what others wait for is deployed first, and one-shots are waited for.
Needs Compose 2.24 or newer.
"""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
import sys
import time
from pathlib import Path
from typing import Any, TypeAlias

ROOT = Path(__file__).resolve().parents[2]
SECRETS = (ROOT / os.environ.get("COUNTERFOIL_SECRETS", "secrets")).resolve()
FILES = ("docker-compose.yml", "deploy/swarm/stack.yml")
OVERRIDE = "deploy/swarm/override.yml"
ONE_SHOT_LIMIT_S = 300

MAKES_SECRETS = ("credentials", "setup")
"""Run once, here, before anything is deployed."""

OWN_SECRETS = {
    "gateway": ("gateway", ("rate_limit_url", "bounces_*", "forms/*", "files_*")),
    "storage-service": ("storage", ("files_*",)),
    "console": ("console", ("files_*", "oidc*")),
    "notify-service": ("notify", ("smtp_url", "bounce_mailbox", "forms/*", "files_*")),
}
"""Files that may be in a service's folder without being needed, by service: the folder, and which."""

NOT_FOR_SWARM = {"build", "depends_on", "network_mode", "pull_policy", "restart", "security_opt", "shm_size", "tmpfs"}
"""What `docker stack deploy` refuses, or ignores."""

Config: TypeAlias = dict[str, Any]


def main() -> int:
    """Deploy, and return the exit code."""
    stack = sys.argv[1] if len(sys.argv) > 1 else "counterfoil"
    if _docker("info", "--format", "{{.Swarm.ControlAvailable}}").strip() != "true":
        return _refuse("this engine is no manager of a Swarm: `docker swarm init` makes it one")
    named = [part for file in files_in(ROOT) for part in ("--file", file)]
    config: Config = json.loads(_docker("compose", *named, "config", "--format", "json"))
    _make_secrets(config["services"])
    add_own_secrets(config, SECRETS)
    form = swarm_form(config, stack)
    first = awaited(config["services"])
    _deploy(stack, form | {"services": {name: form["services"][name] for name in first}})
    for name in (name for name in first if config["services"][name].get("restart") == "no"):
        if not _is_done(f"{stack}_{name}"):
            return _refuse(f"{name} did not end well: docker service ps --no-trunc {stack}_{name}")
    _deploy(stack, form)
    print(f"deployed: docker stack services {stack}")
    print(
        "The first owner: docker exec, in a task of the console, python -m storage_service user add EMAIL --role owner"
    )
    return 0


def files_in(root: Path) -> list[str]:
    """Return what is put together, and last what an installation adds: a service's way out, or one of its own."""
    return [*FILES, *([OVERRIDE] if (root / OVERRIDE).is_file() else [])]


def swarm_form(config: Config, stack: str) -> Config:
    """Return what `docker compose config` prints in the form that `docker stack deploy` takes."""
    services = {name: _service(service) for name, service in config["services"].items() if name not in MAKES_SECRETS}
    mounts = [mount for service in services.values() for mount in service["volumes"]]
    return {
        "version": "3.9",
        "services": services,
        "networks": {
            name: {"internal": network.get("internal", False)} for name, network in config["networks"].items()
        },
        "volumes": {mount["source"]: {} for mount in mounts if mount["type"] == "volume"},
        "secrets": {name: _by_content(stack, name, each["file"]) for name, each in config["secrets"].items()},
        "configs": {name: _by_content(stack, name, each["file"]) for name, each in config["configs"].items()},
    }


def add_own_secrets(config: Config, directory: Path) -> None:
    """Hand over to each service the files below its folder that somebody put there beside what was made."""
    for service, (folder, patterns) in OWN_SECRETS.items():
        for path in sorted(path for pattern in patterns for path in (directory / folder).glob(pattern)):
            if path.name.startswith(".") or not path.is_file():
                continue
            inside = path.relative_to(directory / folder).as_posix()
            name = f"{folder}-{inside.replace('/', '-')}"
            config["secrets"][name] = {"file": str(path)}
            config["services"][service]["secrets"].append({"source": name, "target": f"/secrets/{inside}"})


def awaited(services: Config) -> list[str]:
    """Return the one-shots that end before others begin, and all that these themselves wait for."""
    found = [name for name, service in services.items() if service.get("restart") == "no"]
    for name in found:
        found += [each for each in services[name].get("depends_on", {}) if each not in found]
    return [name for name in found if name not in MAKES_SECRETS]


def _service(service: Config) -> Config:
    kept = {key: value for key, value in service.items() if value is not None and key not in NOT_FOR_SWARM}
    limits = kept["deploy"]["resources"]["limits"]
    limits["cpus"] = str(limits["cpus"])
    for port in kept.get("ports", ()):
        port["published"] = int(port["published"])
    in_memory = [{"type": "tmpfs", "target": target} for target in service.get("tmpfs", ())]
    ends = {"healthcheck": {"disable": True}} if service.get("restart") == "no" else {}
    return kept | ends | {"volumes": [*kept.get("volumes", ()), *in_memory]}


def _by_content(stack: str, name: str, file: str) -> Config:
    """Name a secret or config by what is in it: Swarm never changes one, and replaces the tasks that get another."""
    path = Path(file) / "forms.toml" if Path(file).is_dir() else Path(file)
    digest = hashlib.sha256(path.read_bytes()).hexdigest()[:12]
    return {"name": f"{stack}_{name}_{digest}", "file": str(path)}


def _make_secrets(services: Config) -> None:
    SECRETS.mkdir(mode=0o700, parents=True, exist_ok=True)
    me = f"{os.getuid()}:{os.getgid()}"
    for name, directory in (("credentials", SECRETS), ("setup", SECRETS / "gateway")):
        service = services[name]
        options = ["--rm", "--network=none", f"--user={me}", f"--volume={directory}:/secrets"]
        options += [f"--env={key}={value}" for key, value in (service.get("environment") or {}).items()]
        print(_docker("run", *options, service["image"], *(service.get("command") or ())), end="")


def _deploy(stack: str, form: Config) -> None:
    # Tags are versions here, and an image that is on the nodes already needs no registry.
    _docker("stack", "deploy", "--resolve-image=never", "--compose-file=-", stack, given=json.dumps(form))


def _is_done(service: str) -> bool:
    deadline = time.monotonic() + ONE_SHOT_LIMIT_S
    while time.monotonic() < deadline:
        time.sleep(2)  # also gives Swarm the time to begin
        newest = _docker("service", "ps", "--format", "{{.CurrentState}}", service).partition("\n")[0]
        if newest.startswith("Complete"):
            return True
    return False


def _docker(*arguments: str, given: str | None = None) -> str:
    done = subprocess.run(["docker", *arguments], cwd=ROOT, input=given, stdout=subprocess.PIPE, text=True, check=False)
    if done.returncode:
        sys.exit(f"docker {' '.join(arguments[:2])} failed; what it said stands above")
    return done.stdout


def _refuse(message: str) -> int:
    print(message, file=sys.stderr)
    return 2


if __name__ == "__main__":
    sys.exit(main())
