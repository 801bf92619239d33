"""What the engine says of the running containers agrees with what the compose files ask for."""

from __future__ import annotations

from typing import Any

from support.compose_stack import Stack

FIRST_ROOT = {"postgres"}
"""Begins as root and becomes its own user: the capabilities for that, and no others."""

WITHOUT_PASSWORD = ("CONSOLE_URL=http://consoles:8090", "GATEWAY_URL=http://gateway:8080")

BECOMES_ANOTHER_USER = {"CHOWN", "DAC_OVERRIDE", "FOWNER", "SETGID", "SETUID"}


def service_of(container: dict[str, Any]) -> str:
    return str(container["Config"]["Labels"]["com.docker.compose.service"])


def test_every_running_container_is_as_hard_as_its_file_says(stack: Stack) -> None:
    containers = stack.inspect()
    assert len(containers) >= 8
    for name, container in containers.items():
        host = container["HostConfig"]
        begins_as_root = service_of(container) in FIRST_ROOT
        assert host["ReadonlyRootfs"] is True, name
        assert host["CapDrop"] == ["ALL"], name
        added = {capability.removeprefix("CAP_") for capability in host["CapAdd"] or ()}
        assert added == (BECOMES_ANOTHER_USER if begins_as_root else set()), name
        assert "no-new-privileges:true" in host["SecurityOpt"], name
        assert host["Privileged"] is False, name
        assert host["Memory"] > 0, name
        assert host["NanoCpus"] > 0, name
        assert host["PidsLimit"] > 0, name
        assert container["State"]["Health"]["Status"] == "healthy", name


def test_no_server_runs_as_root(stack: Stack) -> None:
    for service in stack.compose("ps", "--services").split():
        lines = stack.compose("exec", "-T", service, "grep", "-h", "^Uid:", "/proc/1/status").split()
        assert lines[1] != "0", f"{service} runs as root"


def test_no_password_can_be_seen_from_outside(stack: Stack) -> None:
    for name, container in stack.inspect().items():
        lines = [line.replace("_PASSED_", "_") for line in container["Config"]["Env"]]
        shown = [line for line in lines if "PASS" in line.upper() or "://" in line.split("@")[0]]
        harmless = ("smtp://maildev", "file:///")
        assert all(line.endswith(WITHOUT_PASSWORD) or any(one in line for one in harmless) for line in shown), name


def test_a_service_reads_no_other_services_secrets(stack: Stack) -> None:
    for service in ("gateway", "storage-service", "notify-service", "console"):
        seen = stack.compose("exec", "-T", service, "ls", "/secrets").split()
        assert ("database_url" in seen) == (service != "gateway")
        assert ("secret" in seen) == (service in {"gateway", "notify-service"})
        assert ("api_key_hashes" in seen) == (service in {"gateway", "console"}), "made here, and copied there"
