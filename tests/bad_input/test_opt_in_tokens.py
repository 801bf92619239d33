"""A forged, cut or borrowed link of a mail that asks to confirm an address: 404, and nothing is confirmed."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid4

import pytest
import requests

from gateway.receipts.tokens import Ticket, Tokens
from shared.links.opt_in import LINK_GOOD_FOR, OptInLink, OptInLinks
from shared.links.signing import BOUNCE, SUPPRESSION, UNSUBSCRIBE, Signer
from support.gateway_app import SECRET
from support.gateway_server import LIMIT_BYTES, Server
from support.raw_http import answer_of

NOW = datetime.now(UTC)
LINK = OptInLink(UUID(int=7), "signup", NOW, NOW + LINK_GOOD_FOR, "0123456789abcdef")
GOOD = OptInLinks(SECRET).sign(LINK)
SIGNED, _, SIGNATURE = GOOD.rpartition(".")
ELSEWHERE = OptInLinks("the secret of another installation, as long as this one's").sign(LINK)
OVER = OptInLinks(SECRET).sign(OptInLink(LINK.id, "signup", NOW - timedelta(8), NOW - timedelta(1), LINK.recipient))

FORGED = [
    ELSEWHERE,
    f"{SIGNED}.{ELSEWHERE.rpartition('.')[2]}",
    f"{SIGNED.replace('signup', 'open')}.{SIGNATURE}",
    f"{SIGNED.replace(LINK.id.hex, uuid4().hex)}.{SIGNATURE}",
    f"{SIGNED.replace(LINK.recipient, 'f' * 16)}.{SIGNATURE}",
    f"{OVER.rpartition('.')[0]}.{SIGNATURE}",
    *(Signer(SECRET, purpose).sign(SIGNED) for purpose in (UNSUBSCRIBE, BOUNCE, SUPPRESSION)),
    Tokens(SECRET).sign(Ticket(LINK.id, "signup", NOW, confirmed=True, opt_in=True)),
    f"{SIGNED}.{SIGNATURE.swapcase()}",
    f"{SIGNED}.",
    f".{SIGNATURE}",
    SIGNED,
    SIGNATURE,
    *(GOOD[:length] for length in range(1, len(GOOD), 11)),
    GOOD[1:],
    f"{GOOD}A",
    f"{GOOD}=",
    f"{GOOD}.",
    f"{GOOD}%00",
    f"{GOOD}%20",
    f"{GOOD}%0d%0aX:%20y",
    GOOD.upper(),
    GOOD.replace("signup", "s%C4%B1gnup"),
    LINK.id.hex,
    "%ff",
    "%00",
    "..",
    "a" * 5000,
]


def asked(gateway: Server, request: str) -> tuple[int, bytes]:
    with gateway.connect() as connection:
        connection.sendall(f"{request}\r\n\r\n".encode())
        answer = answer_of(connection, closes_within_s=0)
    return answer.status, answer.body


def test_the_good_one_is_shown_and_not_confirmed_by_looking(gateway: Server) -> None:
    assert asked(gateway, f"GET /opt-in/{GOOD} HTTP/1.1\r\nHost: x")[0] == 200
    assert requests.head(f"{gateway.url}/opt-in/{GOOD}", timeout=10).status_code == 200
    assert asked(gateway, f"GET /opt-in/{OVER} HTTP/1.1\r\nHost: x")[0] == 410


@pytest.mark.parametrize("method", ["GET", "POST"])
def test_forged_cut_and_borrowed_tokens(gateway: Server, method: str) -> None:
    bodies = set[bytes]()
    for token in FORGED:
        head = f"{method} /opt-in/{token} HTTP/1.1\r\nHost: x\r\nAccept: text/html\r\nContent-Length: 0"
        status, body = asked(gateway, head)
        assert status == 404, token
        bodies.add(body)
    assert len(bodies) == 1, "nothing of a token stands in a page: whichever it is, the page is the same"


def test_one_that_is_over_is_not_taken(gateway: Server) -> None:
    assert asked(gateway, f"POST /opt-in/{OVER} HTTP/1.1\r\nHost: x\r\nContent-Length: 0")[0] == 410


@pytest.mark.parametrize("method", ["PUT", "DELETE", "PATCH", "OPTIONS", "PROPFIND"])
def test_other_methods(gateway: Server, method: str) -> None:
    assert asked(gateway, f"{method} /opt-in/{GOOD} HTTP/1.1\r\nHost: x\r\nContent-Length: 0")[0] == 405


def test_a_body_is_not_waited_for(gateway: Server) -> None:
    head = f"POST /opt-in/{ELSEWHERE} HTTP/1.1\r\nHost: x\r\nContent-Length: {LIMIT_BYTES * 100}"
    assert asked(gateway, head)[0] == 404
