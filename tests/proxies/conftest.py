"""A gateway behind each proxy that is configured in the repository and whose server can be had: `make test-proxies`."""

from __future__ import annotations

import json
import os
import shutil
import socket
import ssl
import subprocess
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import requests

from dev.broker import Broker
from dev.processes import free_port
from support.gateway_server import Server
from support.polling import eventually
from support.raw_http import a_post
from support.service import ROOT
from support.smtp import CERTIFICATE

PUBLIC_URL = "https://forms.example.org"
BODY_BYTES = 131072
FORM_WITH_FILES = """
[forms.photos]
files = {undeclared = true, max_size = "25 MB", max_total = "25 MB"}
[forms.small]
files = {undeclared = true, max_size = "2 MB", max_total = "2 MB"}
"""


@dataclass(frozen=True)
class Proxied:
    """A gateway, the address of the proxy before it, and where it keeps files."""

    kind: str
    url: str
    port: int
    broker_url: str
    files: Path

    @property
    def is_secure(self) -> bool:
        """Whether one speaks TLS to it."""
        return self.url.startswith("https:")

    def post(self, path: str, body: bytes, **headers: str) -> requests.Response:
        """Post a body as a form."""
        given = {"Content-Type": "application/x-www-form-urlencoded", **headers}
        return requests.post(self.url + path, data=body, headers=given, timeout=20, verify=str(CERTIFICATE))

    def upload(self, path: str, file: Path) -> tuple[int, dict[str, Any]]:
        """Post a file with curl, which reads while it sends as browsers do; return the status and the answer."""
        command = ["curl", "-sS", "--max-time", "60", "--cacert", str(CERTIFICATE), "-w", "\n%{http_code}"]
        done = subprocess.run([*command, "-F", f"file=@{file}", self.url + path], capture_output=True, check=True)
        answer, _, status = done.stdout.rpartition(b"\n")
        return int(status), json.loads(answer)

    def a_post(self, *lines: str, body: bytes = b"", path: str = "/f/open", length: bool = True) -> bytes:
        """Return a POST as bytes, see `raw_http.a_post`, to the host that the proxy knows."""
        request = a_post(*lines, body=body, path=path, length=length)
        return request.replace(b"Host: forms.example.org", f"Host: localhost:{self.port}".encode(), 1)

    @contextmanager
    def connection(self, source: str = "127.0.0.1") -> Iterator[socket.socket]:
        """Connect to the proxy from an address."""
        with socket.create_connection(("127.0.0.1", self.port), timeout=20, source_address=(source, 0)) as plain:
            if self.is_secure:
                with ssl.create_default_context(cafile=CERTIFICATE).wrap_socket(
                    plain, server_hostname="localhost"
                ) as secured:
                    yield secured
            else:
                yield plain


def changed(path: str, changes: Mapping[str, str]) -> str:
    """Return a configuration with the places and names of a test; each has to stand in it."""
    text = (ROOT / path).read_text()
    for what, instead in changes.items():
        assert what in text, f"{path}: {what}"
        text = text.replace(what, instead)
    return text


def nginx(place: Path, port: int, gateway: int) -> tuple[list[str], dict[str, str]]:
    """Configure nginx, and return how it is started."""
    changes = {
        "listen 443 ssl http2;": f"listen 127.0.0.1:{port} ssl http2;",
        "/etc/ssl/forms.example.org.pem": str(CERTIFICATE),
        "/etc/ssl/forms.example.org.key": str(CERTIFICATE),
        "127.0.0.1:8080": f"127.0.0.1:{gateway}",
    }
    (place / "counterfoil.conf").write_text(changed("deploy/proxies/nginx.conf", changes))
    kept = "".join(f"{kind}_temp_path {place}/{kind};" for kind in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi"))
    (place / "nginx.conf").write_text(
        f"daemon off; user root; pid {place}/pid; error_log stderr; events {{ worker_connections 4096; }}"
        f"http {{ access_log off; {kept} include {place}/counterfoil.conf; }}"
    )
    return [program("nginx"), "-e", "stderr", "-p", str(place), "-c", str(place / "nginx.conf")], {}


def caddy(place: Path, port: int, gateway: int) -> tuple[list[str], dict[str, str]]:
    """Configure Caddy, and return how it is started."""
    changes = {
        "{\n\tservers {": "{\n\tadmin off\n\tauto_https disable_redirects\n\tservers {",
        "\nforms.example.org {": f"\nhttps://localhost:{port} {{\n\ttls {CERTIFICATE} {CERTIFICATE}",
        "127.0.0.1:8080": f"127.0.0.1:{gateway}",
    }
    (place / "Caddyfile").write_text(changed("deploy/proxies/Caddyfile", changes))
    command = [program("caddy"), "run", "--adapter", "caddyfile", "--config", str(place / "Caddyfile")]
    return command, {"HOME": str(place), "XDG_DATA_HOME": str(place), "XDG_CONFIG_HOME": str(place)}


def haproxy(place: Path, port: int, gateway: int) -> tuple[list[str], dict[str, str]]:
    """Configure Compose's own proxy, and return how it is started."""
    changes = {
        "/etc/counterfoil/": f"{ROOT}/deploy/proxy/",
        "bind :8080": f"bind 127.0.0.1:{port}",
        "bind :9464": f"bind 127.0.0.1:{free_port()}",
        "parse-resolv-conf": "nameserver none 127.0.0.1:9",
    }
    (place / "haproxy.cfg").write_text(changed("deploy/proxy/haproxy.cfg", changes))
    settings = {"GATEWAYS": f"127.0.0.1:{gateway}", "TRUSTED_HOPS": "1", "REQUESTS_PER_SOURCE": "100"}
    return [program("haproxy"), "-db", "-f", str(place / "haproxy.cfg")], settings


KINDS: dict[str, tuple[str, Callable[[Path, int, int], tuple[list[str], dict[str, str]]]]] = {
    "nginx": ("https", nginx),
    "caddy": ("https", caddy),
    "haproxy": ("http", haproxy),
}


def program(name: str) -> str:
    """Return where a server is: some lie where only root looks."""
    found = shutil.which(name, path=f"{os.environ['PATH']}:/usr/sbin:/usr/local/sbin")
    assert found, f"{name} is missing: `make test-proxies` installs it"
    return found


@pytest.fixture(scope="session", params=KINDS)
def proxied(request: pytest.FixtureRequest, server_directory: Path, rabbitmq: Broker) -> Iterator[Proxied]:
    """Start a gateway behind one kind of proxy."""
    scheme, configure = KINDS[request.param]
    place = server_directory / request.param
    files = place / "files"
    files.mkdir(parents=True)
    settings = {
        "COUNTERFOIL_FILES_URL": files.as_uri(),
        "COUNTERFOIL_TRUSTED_HOPS": "1",
        "COUNTERFOIL_PUBLIC_URL": PUBLIC_URL,
        "COUNTERFOIL_MAX_BODY_BYTES": str(BODY_BYTES),
    }
    broker_url, port = rabbitmq.fresh_vhost(), free_port()
    server = Server(place, broker_url, **settings)
    with (place / "forms.toml").open("a", encoding="utf-8") as forms:
        forms.write(FORM_WITH_FILES)
    with server as gateway:
        command, variables = configure(place, port, gateway.port)
        log = place / "proxy.log"
        with log.open("wb") as out:
            proxy = subprocess.Popen(command, env=os.environ | variables, stdout=out, stderr=subprocess.STDOUT)
        try:
            found = Proxied(request.param, f"{scheme}://localhost:{port}", port, broker_url, files)
            eventually(lambda: _answers(found), 30, f"{request.param} leads to the gateway\n{log.read_text()}")
            yield found
        finally:
            proxy.terminate()
            proxy.wait(30)
            print(log.read_text()[-5000:])


def _answers(proxied: Proxied) -> bool:
    try:
        return requests.get(f"{proxied.url}/readyz", timeout=5, verify=str(CERTIFICATE)).status_code == 200
    except requests.RequestException:
        return False
