"""The console under a name of its own: owners do not get in by the forms' name, nor strangers by the owners'."""

from __future__ import annotations

import os
import socket
import ssl
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
import requests

from dev.broker import Broker
from dev.processes import free_port
from proxies.conftest import changed, program
from support.console_stand_in import StandIn
from support.gateway_server import Server
from support.polling import eventually
from support.raw_http import answer_of
from support.smtp import CERTIFICATE

FORMS, CONSOLE = "forms.example.org", "console.example.org"
OWNERS, STRANGER = "127.0.0.5", "127.0.0.6"
NETWORK = "127.0.0.5/32"


@dataclass(frozen=True)
class Apart:
    """The proxy's port, and the console that the gateway behind it passes on to."""

    port: int
    console: StandIn

    def status(self, name: str, path: str, source: str = OWNERS) -> int:
        """Ask by a name, from an address; the path goes as it is."""
        context = ssl.create_default_context(cafile=CERTIFICATE)
        context.check_hostname = False
        with (
            socket.create_connection(("127.0.0.1", self.port), timeout=20, source_address=(source, 0)) as plain,
            context.wrap_socket(plain, server_hostname=name) as secured,
        ):
            lines = [f"GET {path} HTTP/1.1", f"Host: {name}", "Connection: close", "", ""]
            secured.sendall("\r\n".join(lines).encode())
            return answer_of(secured).status


def nginx(place: Path, port: int, gateway: int) -> tuple[list[str], dict[str, str]]:
    changes = {
        "listen 443 ssl http2;": f"listen 127.0.0.1:{port} ssl http2;",
        **{f"/etc/ssl/{name}.{kind}": str(CERTIFICATE) for name in (FORMS, CONSOLE) for kind in ("pem", "key")},
        "127.0.0.1:8080": f"127.0.0.1:{gateway}",
        "10.8.0.0/16": NETWORK,
    }
    (place / "counterfoil.conf").write_text(changed("deploy/proxies/nginx-console.conf", changes))
    kept = "".join(f"{kind}_temp_path {place}/{kind};" for kind in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi"))
    (place / "nginx.conf").write_text(
        f"daemon off; user root; pid {place}/pid; error_log stderr; events {{ worker_connections 1024; }}"
        f"http {{ access_log off; {kept} include {place}/counterfoil.conf; }}"
    )
    return [program("nginx"), "-e", "stderr", "-p", str(place), "-c", str(place / "nginx.conf")], {}


def caddy(place: Path, port: int, gateway: int) -> tuple[list[str], dict[str, str]]:
    changes = {
        "{\n\tservers {": "{\n\tadmin off\n\tauto_https disable_redirects\n\tservers {",
        "\nforms.example.org {": f"\nhttps://{FORMS}:{port} {{\n\ttls {CERTIFICATE} {CERTIFICATE}",
        "\nconsole.example.org {": f"\nhttps://{CONSOLE}:{port} {{\n\ttls {CERTIFICATE} {CERTIFICATE}",
        "127.0.0.1:8080": f"127.0.0.1:{gateway}",
        "10.8.0.0/16": NETWORK,
    }
    (place / "Caddyfile").write_text(changed("deploy/proxies/Caddyfile-console", changes))
    command = [program("caddy"), "run", "--adapter", "caddyfile", "--config", str(place / "Caddyfile")]
    return command, {"HOME": str(place), "XDG_DATA_HOME": str(place), "XDG_CONFIG_HOME": str(place)}


@pytest.fixture(scope="module", params=["nginx", "caddy"])
def apart(request: pytest.FixtureRequest, server_directory: Path, rabbitmq: Broker) -> Iterator[Apart]:
    place, port = server_directory / f"{request.param}-apart", free_port()
    place.mkdir()
    with (
        StandIn() as console,
        Server(
            place, rabbitmq.fresh_vhost(), COUNTERFOIL_TRUSTED_HOPS="1", COUNTERFOIL_CONSOLE_URL=console.url
        ) as gateway,
    ):
        command, variables = {"nginx": nginx, "caddy": caddy}[request.param](place, port, gateway.port)
        with (place / "proxy.log").open("wb") as out:
            server = subprocess.Popen(command, env=os.environ | variables, stdout=out, stderr=subprocess.STDOUT)
        found = Apart(port, console)
        try:
            eventually(lambda: _answers(found), 30, f"it leads to the gateway\n{(place / 'proxy.log').read_text()}")
            yield found
        finally:
            server.terminate()
            server.wait(30)


def _answers(apart: Apart) -> bool:
    try:
        return apart.status(FORMS, "/readyz") == 200
    except OSError:
        return False


@pytest.mark.parametrize(
    "path",
    ["/console", "/console/inbox", "/v1/forms", "/%63onsole/inbox", "//console/inbox", "/./console", "/x/../v1/forms"],
)
def test_by_the_forms_name_nobody_gets_to_the_console(apart: Apart, path: str) -> None:
    apart.console.begin_anew()
    assert apart.status(FORMS, path) in (400, 404)
    assert apart.console.heard == []


@pytest.mark.parametrize("path", ["/console/inbox", "/v1/forms"])
def test_by_the_owners_name_some_networks_alone_get_to_it(apart: Apart, path: str) -> None:
    apart.console.begin_anew()
    assert apart.status(CONSOLE, path, STRANGER) == requests.codes.forbidden
    assert apart.console.heard == []
    assert apart.status(CONSOLE, path) == requests.codes.ok
    [heard] = apart.console.heard
    assert heard.header("X-Forwarded-For") == [OWNERS]
    assert heard.header("X-Forwarded-Proto") == ["https"], "cookies are for TLS alone"
    assert heard.header("X-Forwarded-Host") == [CONSOLE]


def test_the_owners_name_has_no_forms_and_leads_to_the_console(apart: Apart) -> None:
    assert apart.status(CONSOLE, "/f/signup") == requests.codes.not_found
    assert apart.status(CONSOLE, "/") == requests.codes.see_other
    assert apart.status(FORMS, "/f/signup") == requests.codes.ok
