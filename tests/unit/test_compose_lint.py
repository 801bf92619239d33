"""Every service of every compose file is hardened, limited and unreachable from other machines."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest

from support.compose_files import ROOT, Service, every_service, is_one_shot, names

FOUND = list(every_service())
ALL = [pytest.param(service, id=f"{file}:{name}") for file, name, service in FOUND]
LASTING = [pytest.param(service, id=f"{file}:{name}") for file, name, service in FOUND if not is_one_shot(service)]
BUILT_BY = {service["image"]: service["build"]["dockerfile"] for _, _, service in FOUND if "build" in service}
DOCKERFILES = sorted([*ROOT.glob("*/Dockerfile"), *ROOT.glob("*/*/Dockerfile")])

BECOMES_ANOTHER_USER = {"CHOWN", "DAC_OVERRIDE", "FOWNER", "SETGID", "SETUID"}
"""What an image that starts as root and then becomes its own user needs: PostgreSQL's."""

every = pytest.mark.parametrize("service", ALL)


def limits(service: Service) -> dict[str, Any]:
    found: dict[str, Any] = service.get("deploy", {}).get("resources", {}).get("limits", {})
    return found


@every
def test_it_can_do_nothing_that_it_need_not(service: Service) -> None:
    assert service["cap_drop"] == ["ALL"]
    assert "no-new-privileges:true" in service["security_opt"]
    allowed = BECOMES_ANOTHER_USER if str(service["image"]).startswith("postgres:") else set()
    assert set(service.get("cap_add", ())) <= allowed
    shared = {"privileged", "pid", "ipc", "userns_mode", "devices", "device_cgroup_rules"} & service.keys()
    assert not shared, "nothing of the machine's own"
    assert service.get("network_mode", "none") == "none"


@every
def test_its_files_cannot_be_changed(service: Service) -> None:
    assert service["read_only"] is True
    assert not [volume for volume in service.get("volumes", ()) if "docker.sock" in str(volume)]


@every
def test_it_is_limited(service: Service) -> None:
    assert {"cpus", "memory", "pids"} <= limits(service).keys()
    assert {"max-size", "max-file"} <= service["logging"]["options"].keys()


@every
def test_it_is_published_on_this_machine_alone(service: Service) -> None:
    assert all(str(port).startswith("127.0.0.1:") for port in service.get("ports", ()))


@every
def test_no_secret_stands_in_it(service: Service) -> None:
    secretive = re.compile(r"PASS(?!ED_)|SECRET|KEY|COOKIE|(BROKER|DATABASE)_URL")
    variables = service.get("environment", {})
    named = {name for name in variables if secretive.search(name) and not name.endswith(("_FILE", "FORM_SECRETS"))}
    assert not named, "secrets are files"


@every
def test_signals_reach_its_process(service: Service) -> None:
    for key in ("command", "entrypoint"):
        words = service.get(key, [])
        assert isinstance(words, list), f"{key} in exec form"
        if words[:1] == ["sh"]:
            assert re.search(r"^exec ", words[-1], re.MULTILINE), "the shell is replaced by what it starts"


@pytest.mark.parametrize("service", LASTING)
def test_what_lasts_is_started_again_and_is_given_time_to_end(service: Service) -> None:
    assert service["restart"] == "unless-stopped"
    assert int(str(service["stop_grace_period"]).removesuffix("s")) >= 30


def is_checked(service: Service) -> bool:
    if service.get("healthcheck", {}).get("test"):
        return True
    file = BUILT_BY.get(service["image"])
    return file is not None and "\nHEALTHCHECK " in (ROOT / file).read_text()


@pytest.mark.parametrize("service", LASTING)
def test_what_lasts_says_whether_it_is_healthy(service: Service) -> None:
    assert is_checked(service)
    assert not service.get("healthcheck", {}).get("disable")


@pytest.mark.parametrize("path", DOCKERFILES, ids=lambda path: path.parent.name)
def test_an_image_runs_as_nobody_and_says_what_it_is(path: Any) -> None:
    text = path.read_text()
    final = text[text.rindex("\nFROM ") + 1 :]
    assert final.startswith("FROM python:3.13.")
    assert "\nUSER 10001:10001\n" in final
    assert re.search(r'^CMD \["', final, re.MULTILINE), "exec form"
    for label in ("title", "version", "revision"):
        assert f"org.opencontainers.image.{label}=" in final
    for part in ("bin/pip*", "lib/python3*/site-packages/pip*", "lib/python3*/ensurepip"):
        assert f" /usr/local/{part} " in final.split("COPY", 1)[0], (
            "pip is not in what is shipped, nor what installs it"
        )
    assert "pip" not in final.split("COPY", 1)[1], "nothing is installed by pip in what is shipped"


def variables(text: str) -> set[str]:
    code = "\n".join(line for line in text.splitlines() if not line.lstrip().startswith("#"))
    return set(re.findall(r"(?<!\$)\$\{(\w+)", code))


def test_the_example_of_settings_names_each_that_is_read() -> None:
    read = set[str]().union(*(variables((ROOT / name).read_text()) for name in names()))
    named = set(re.findall(r"^#(\w+)=", (ROOT / ".env.example").read_text(), re.MULTILINE))
    assert named == read


LEFT_TO_THE_IMAGE = {"METRICS_BIND", "LOG_FORMAT"}


def test_every_setting_of_a_service_is_passed_on_to_it() -> None:
    table = (ROOT / "docs" / "operations.md").read_text()
    rows = re.findall(r"^\| `COUNTERFOIL_(\w+)`(?:, `…_(\w+)`)? \| ([a-z, ]+) \|", table, re.MULTILINE)
    services = {name: service for file, name, service in FOUND if file == "docker-compose.yml"}
    missing = {
        (service, name)
        for *names_, owners in rows
        for name in filter(None, names_)
        for service in ("gateway", "storage-service", "notify-service", "console")
        if owners == "all" or service.removesuffix("-service") in owners
        if not {f"COUNTERFOIL_{name}", f"COUNTERFOIL_{name}_FILE"} & services[service]["environment"].keys()
    }
    assert len(rows) > 20
    assert {name for _, name in missing} == LEFT_TO_THE_IMAGE


@pytest.mark.parametrize("name", ["gateway", "notify-service", "console"])
def test_the_forms_are_mounted_as_a_folder_so_that_what_an_editor_puts_in_the_files_place_is_seen(name: str) -> None:
    service = {each: service for file, each, service in FOUND if file == "docker-compose.yml"}[name]
    [forms] = [volume for volume in service["volumes"] if isinstance(volume, dict)]
    assert forms["target"] == service["environment"]["COUNTERFOIL_FORMS"]
    default = re.fullmatch(r"\$\{COUNTERFOIL_FORMS:-(.+)\}", forms["source"])
    assert default
    assert (ROOT / default[1] / "forms.toml").read_text() == (ROOT / "forms.example.toml").read_text()
    assert forms["bind"] == {"create_host_path": False}, "an empty folder of root's is no good beginning"


def test_each_service_reads_the_secrets_of_forms_from_a_folder_of_its_own() -> None:
    services = {each: service for file, each, service in FOUND if file == "docker-compose.yml"}
    for name in ("gateway", "notify-service"):
        assert services[name]["environment"]["COUNTERFOIL_FORM_SECRETS"] == "/secrets/forms"
        assert f"{name.removesuffix('-service')}-secrets:/secrets:ro" in services[name]["volumes"]


@pytest.mark.parametrize("name", ["gateway", "storage-service", "notify-service", "console"])
def test_the_key_to_a_bucket_can_be_left_out(name: str) -> None:
    """With `:-` an empty name in `.env` brought the generated key back, and the machine's role was never asked."""
    environment = next(service for _, each, service in FOUND if each == name)["environment"]
    for half in ("KEY_ID", "SECRET"):
        variable = f"COUNTERFOIL_FILES_{half}_FILE"
        assert environment[variable] == f"${{{variable}-/secrets/files_{half.lower()}}}"


def test_the_gateways_reach_the_consoles_in_a_network_that_nobody_else_is_in() -> None:
    services = {each: service for file, each, service in FOUND if file == "docker-compose.yml"}
    inside = {name for name, service in services.items() if "owners" in service.get("networks", ())}
    assert inside == {"gateway", "console"}
    [name] = services["console"]["networks"]["owners"]["aliases"]
    port = services["console"]["environment"]["COUNTERFOIL_CONSOLE_BIND"].rpartition(":")[2]
    assert services["gateway"]["environment"]["COUNTERFOIL_CONSOLE_URL"] == f"http://{name}:{port}"
    assert "database" not in services["gateway"]["networks"]
    assert not services["console"].get("ports"), "it is reached through the gateways"


def test_the_console_has_the_keys_hashes_and_no_other_services_secrets() -> None:
    services = {each: service for file, each, service in FOUND if file == "docker-compose.yml"}
    assert [volume for volume in services["console"]["volumes"] if isinstance(volume, str)] == [
        "console-secrets:/secrets:ro",
        "files:/files",
        "erasures:/erasures",
    ]
    copied = "/secrets/api_key_hashes /secrets/operator_key_hashes /secrets/setup_token /console"
    assert copied in services["setup"]["command"][-1]
    assert "--opening-keys /console/opening_keys" in services["setup"]["command"][-1]
    having = {name for name, service in services.items() if "opening_keys" in str(service.get("environment"))}
    assert having == {"console"}, "nobody else can open what is sealed"
    assert "console-secrets:/console" in services["setup"]["volumes"]


def test_notify_has_the_secret_that_signs_links_and_none_beside_it() -> None:
    services = {each: service for file, each, service in FOUND if file == "docker-compose.yml"}
    assert "install -m 600 /secrets/secret /notify #" in services["setup"]["command"][-1]
    assert "notify-secrets:/notify" in services["setup"]["volumes"]
    having = {name for name, one in services.items() if "COUNTERFOIL_SECRET_FILE" in (one.get("environment") or {})}
    assert having == {"gateway", "notify-service"}
    assert "setup" in services["notify-service"]["depends_on"]


def drop(key: str) -> Callable[[Service], Service]:
    return lambda service: {name: value for name, value in service.items() if name != key}


@pytest.mark.parametrize(
    ("rule", "harm"),
    [
        (test_it_can_do_nothing_that_it_need_not, lambda service: service | {"cap_add": ["NET_ADMIN"]}),
        (test_its_files_cannot_be_changed, lambda service: service | {"read_only": False}),
        (test_it_is_limited, lambda service: service | {"deploy": {}}),
        (test_it_is_published_on_this_machine_alone, lambda service: service | {"ports": ["8080:8080"]}),
        (test_no_secret_stands_in_it, lambda service: service | {"environment": {"POSTGRES_PASSWORD": "x"}}),
        (test_signals_reach_its_process, lambda service: service | {"command": "python -m gateway"}),
        (test_what_lasts_is_started_again_and_is_given_time_to_end, drop("restart")),
        (test_what_lasts_says_whether_it_is_healthy, lambda service: service | {"image": "another:1.0.0"}),
    ],
)
def test_each_rule_can_fail(rule: Callable[[Service], None], harm: Callable[[Service], Service]) -> None:
    [(_, _, gateway)] = [found for found in FOUND if found[:2] == ("docker-compose.yml", "gateway")]
    rule(gateway)
    with pytest.raises((AssertionError, KeyError)):
        rule(harm(gateway))
