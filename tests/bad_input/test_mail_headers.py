"""CR, LF in subject, name, address: 422 by the gateway; VT, U+2028 are cleaned there; and notify checks again."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from notify_service.transports.failures import Permanent
from shared.contracts import Control, SubmissionAccepted
from shared.forms import Form
from support.composed import composed
from support.confirmations import a_form, a_mail
from support.events import an_event
from support.gateway_app import a_gateway
from support.gateway_server import Server
from support.raw_http import FORM, JSON, a_post, answer_of

ENDS_OF_LINES = ["\r", "\n", "\r\n", "\v", "\f", "\x1c", "\x1d", "\x1e", "\x1f", "\x85", "\u2028", "\u2029"]
LINES = {"name", "_subject", "text", "subject"}
"""What is a line, and no address: what some take for a line's end is cleaned there."""

REFUSED = ENDS_OF_LINES[:3]
INJECTION = "Ada{}Bcc: eve@example.org"


@pytest.mark.parametrize("sign", ENDS_OF_LINES)
@pytest.mark.parametrize(
    ("form", "name"),
    [
        ("signup", "name"),
        ("signup", "email"),
        ("signup", "_subject"),
        ("signup", "_replyto"),
        ("types", "text"),
        ("types", "choice"),
        ("types", "tel"),
        ("open", "name"),
        ("open", "subject"),
        ("open", "email"),
        ("open", "Email"),
    ],
)
def test_no_line_break_gets_near_a_header(tmp_path: Path, sign: str, form: str, name: str) -> None:
    gateway = a_gateway(tmp_path)
    good = {"name": "Ada", "email": "ada@example.org"} if form == "signup" else {}
    answer = gateway.client.post(f"/f/{form}", data={**good, name: f"a{sign}Bcc: b@c"})
    assert answer.status_code == (202 if name in LINES and sign not in REFUSED else 422)
    for event in gateway.published():
        said = event.control.subject if name == "_subject" else event.fields[name]
        assert len(str(said).splitlines()) == 1


@pytest.mark.parametrize("kind", [FORM, JSON])
@pytest.mark.parametrize("name", ["name", "email", "_subject", "_replyto"])
def test_nor_by_the_wire(gateway: Server, kind: str, name: str) -> None:
    form = f"{name}=a%0D%0ABcc:%20eve@example.org".encode()
    body = form if kind == FORM else b'{"%s": "a\\r\\nBcc: eve@example.org"}' % name.encode()
    with gateway.connect() as connection:
        connection.sendall(a_post(kind=kind, body=body))
        answer = answer_of(connection, closes_within_s=0)
    assert answer.status == 422
    assert set(answer.codes) & {"LINE_BREAK", "TYPE_EMAIL"}


def compose(event: SubmissionAccepted, form: Form | None = None, address: str = "ada@example.org") -> None:
    a_mail(event, form, address)


@pytest.mark.parametrize("end", ENDS_OF_LINES[3:], ids=ascii)
def test_a_subject_of_an_older_gateway_is_made_one_line(end: str) -> None:
    """It let pass what some read as a line's end; a confirmation must not fail for it."""
    event = replace(an_event(), control=Control(subject=INJECTION.format(end)))
    header = a_mail(event).content.split(b"\r\n\r\n")[0]
    assert b"\r\nBcc" not in header
    assert len([line for line in header.decode("ascii").splitlines() if line.startswith("Subject: ")]) == 1


@pytest.mark.parametrize("end", REFUSED, ids=ascii)
@pytest.mark.parametrize("through", ["_subject", "a field in the subject"])
def test_a_subject_of_two_lines_becomes_one(end: str, through: str) -> None:
    text = INJECTION.format(end)
    event = replace(an_event(), control=Control(subject=text)) if through == "_subject" else an_event(name=text)
    mail = composed(event, a_form(subject="Welcome, {name}", subject_from_page=through == "_subject"))
    assert mail["Bcc"] is None
    assert "Bcc: eve @ example. org" in mail["Subject"]


@pytest.mark.parametrize("end", [*ENDS_OF_LINES, "\0"], ids=ascii)
def test_an_address_of_two_lines_is_refused(end: str) -> None:
    with pytest.raises(Permanent, match="control character in the address"):
        compose(an_event(), address=f"ada@example.org{end}Bcc: eve@example.org")


@pytest.mark.parametrize(
    "address",
    ["ada", "ada@", "@example.org", "a@b@c", "ada@example.org, eve@example.org", "<ada@example.org>", '"a"@b.c'],
)
def test_what_is_no_single_address_is_refused(address: str) -> None:
    with pytest.raises(Permanent, match="no valid address"):
        compose(an_event(), address=address)
