"""`python -m notify_service doctor mail` says what keeps mail from landing, and what to mend."""

from __future__ import annotations

import json
import ssl
from collections.abc import Iterator, Sequence

from notify_service import settings
from notify_service.commands.terminal import parser, say
from notify_service.doctor.alignment import unsubscribing
from notify_service.doctor.findings import Finding, is_fine, lines_of, note
from notify_service.doctor.lookup import Lookup, NoAnswer
from notify_service.doctor.sender import look_at_sender
from notify_service.doctor.server import look_at_server

_HELP = """Look at what makes mail land, and say what to mend: the mail server (does it answer, TLS and its certificate,
login, may COUNTERFOIL_MAIL_FROM send) and the sender's domain (SPF, DKIM, DMARC, who takes what bounces), and whether
COUNTERFOIL_BOUNCE_ADDRESS and List-Unsubscribe are as Gmail and Yahoo ask for it.
It sends nothing, and needs neither broker nor database. Exit code: 0 all well, 1 something is to be mended."""
_SERVER_MOST_S = 30.0


def doctor(arguments: Sequence[str]) -> int:
    """Look at what makes mail land, and say what to mend."""
    read = parser("doctor", _HELP)
    read.add_argument("what", choices=["mail"], help="what to look at")
    read.add_argument("--json", action="store_true", help="one JSON object instead of lines")
    read.add_argument(
        "--selector", action="append", default=[], metavar="NAME", help="the name of a DKIM key, as s= says"
    )
    read.add_argument(
        "--nameserver", metavar="HOST[:PORT]", help="whom to ask for records; else this machine's resolver"
    )
    given = read.parse_args(arguments)
    chosen = settings.load(with_broker=False)
    found = {
        f"mail server {chosen.smtp.host}:{chosen.smtp.port}": list(_of_server(chosen)),
        f"sender {chosen.mail_from.address}": list(_of_sender(chosen, given.selector, given.nameserver)),
    }
    findings = [one for each in found.values() for one in each]
    if given.json:
        say(json.dumps({"ok": is_fine(findings), "findings": [one.to_json() for one in findings]}, ensure_ascii=False))
    else:
        for title, each in found.items():
            say("\n".join([title, *lines_of(each), ""]))
        say("all well" if is_fine(findings) else "mend what is marked with ✗; docs/deliveries.md has more")
    return 0 if is_fine(findings) else 1


def _of_server(chosen: settings.Settings) -> Iterator[Finding]:
    sender, tls = chosen.mail_from.address, ssl.create_default_context()
    timeout_s = min(_SERVER_MOST_S, chosen.smtp_timeout_s)
    return look_at_server(chosen.smtp, sender, hello=chosen.smtp_hello, tls=tls, timeout_s=timeout_s)


def _of_sender(chosen: settings.Settings, selectors: Sequence[str], nameserver: str | None) -> Iterator[Finding]:
    try:
        lookup = Lookup(nameserver)
    except NoAnswer as error:
        yield note("records", f"SPF, DKIM and DMARC are not looked at: {error}")
        return
    bounces = chosen.bounces.address
    bounce_domain = bounces.domain if bounces else None
    yield from look_at_sender(chosen.mail_from.domain, chosen.smtp.host, lookup, selectors, bounce_domain)
    yield from unsubscribing(chosen.public_url, has_secret=bool(chosen.secret))
