"""Serves a web page that shows the mails of the sink; `/email` lists them as MailDev's JSON does."""

from __future__ import annotations

import json
import threading
from collections.abc import Sequence
from contextlib import suppress
from email import message_from_bytes, policy
from email.message import EmailMessage
from html import escape
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

_PAGE = """<!doctype html><html lang="en"><meta charset="utf-8"><title>{title}</title>
<meta name="viewport" content="width=device-width"><style>
:root {{ color-scheme: light dark; font: 1rem/1.5 system-ui, sans-serif }}
body {{ max-width: 50rem; margin: 2rem auto; padding: 0 1rem }}
td, th {{ text-align: left; vertical-align: top; padding: .3rem 1rem .3rem 0; overflow-wrap: anywhere }}
pre {{ white-space: pre-wrap; overflow-wrap: anywhere }}
iframe {{ width: 100%; height: 48rem; border: 1px solid #8888; background: #fff; resize: vertical }}
@media (max-width: 40rem) {{ tr, td, th {{ display: block }} td, th {{ padding: 0 }} tr {{ margin-bottom: 1rem }}
  tr.head {{ display: none }} }}
</style><h1>{title}</h1>{body}</html>"""

_NAMES = ("127.0.0.1", "localhost", "[::1]")
"""Those by which it may be asked for. Any website can lead a name of its own to 127.0.0.1, and would read the mails."""

_HTTP = 80


class MailPage:
    """Serves the page on loopback, from a thread of its own, under loopback's names alone."""

    def __init__(self, directory: Path, port: int) -> None:
        self.port = port
        names = [f"{name}:{port}" if port != _HTTP else name for name in _NAMES]
        handler = type("_Handler", (_Handler,), {"directory": directory, "names": names})
        self._server = ThreadingHTTPServer(("127.0.0.1", port), handler)
        self._thread = threading.Thread(target=self._server.serve_forever, name="mail-page", daemon=True)

    def start(self) -> None:
        """Start serving."""
        self._thread.start()

    def stop(self) -> None:
        """Stop serving."""
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()


class _Handler(BaseHTTPRequestHandler):
    directory: Path
    names: Sequence[str]

    def handle(self) -> None:
        with suppress(ConnectionError):  # who leaves early is no fault of ours
            super().handle()

    def do_GET(self) -> None:
        if self.headers.get("Host", "").lower() not in self.names:
            self._answer(421, _PAGE.format(title="Not this page", body=f"<p>Open http://{self.names[0]}/</p>"))
            return
        path = urlsplit(self.path).path
        kept = {file.stem: file for file in sorted(self.directory.glob("*.eml"), reverse=True)}
        name, _, part = path.strip("/").partition("/")
        if path == "/email":
            self._answer(200, json.dumps([*map(_json_of, kept.values())]), "application/json")
        elif not name:
            self._answer(200, _list(kept))
        elif name in kept:
            mail = _read(kept[name])
            self._answer(200, _text_of(mail, "html") if part == "html" else _mail(name, mail))
        else:
            self._answer(404, _PAGE.format(title="No such mail", body='<p><a href="/">All mails</a></p>'))

    def _answer(self, status: int, page: str, kind: str = "text/html") -> None:
        body = page.encode("utf-8", "replace")
        self.send_response(status)
        self.send_header("Content-Type", f"{kind}; charset=utf-8")
        self.send_header("Content-Length", str(len(body)))
        self.send_header("Content-Security-Policy", "default-src 'none'; style-src 'unsafe-inline'; frame-src 'self'")
        self.send_header("X-Content-Type-Options", "nosniff")
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the name http.server calls
        """Say nothing: the terminal belongs to the services."""


def _json_of(path: Path) -> dict[str, Any]:
    mail = _read(path)
    to = [{"address": address.strip()} for address in str(mail["X-Envelope-To"]).split(",")]
    headers = {name.lower(): str(value) for name, value in mail.items()}
    return {"id": path.stem, "subject": str(mail["Subject"]), "envelope": {"to": to}, "headers": headers}


def _list(kept: dict[str, Path]) -> str:
    rows = "".join(_row(name, _read(path)) for name, path in kept.items())
    table = (
        f"<table><tr class='head'><th>Subject<th>To<th>Date{rows}</table>"
        if rows
        else "<p>None yet. Submit a form.</p>"
    )
    return _PAGE.format(title="Mails received", body=table)


def _row(name: str, mail: EmailMessage) -> str:
    subject, to, date = (escape(str(mail[header])) for header in ("Subject", "To", "Date"))
    return f'<tr><td><a href="/{name}">{subject}</a><td>{to}<td>{date}'


def _read(path: Path) -> EmailMessage:
    return message_from_bytes(path.read_bytes(), policy=policy.default)


def _mail(name: str, mail: EmailMessage) -> str:
    headers = "".join(f"<tr><th>{escape(key)}<td>{escape(str(value))}" for key, value in mail.items())
    html = f'<h2>HTML</h2><iframe sandbox src="/{name}/html"></iframe>' if _text_of(mail, "html") else ""
    text = f"<h2>Text</h2><pre>{escape(_text_of(mail, 'plain'))}</pre>"
    body = f'<p><a href="/">All mails</a></p>{html}{text}<h2>Headers</h2><table>{headers}</table>'
    return _PAGE.format(title=escape(str(mail["Subject"])), body=body)


def _text_of(mail: EmailMessage, kind: str) -> str:
    part = mail.get_body((kind,))
    return str(part.get_content()) if part else ""
