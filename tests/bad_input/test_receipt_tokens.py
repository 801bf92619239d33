"""Another tenant's id, a forged or cut receipt token: 404, compared in constant time."""

from __future__ import annotations

from datetime import UTC, datetime
from uuid import UUID, uuid4

import pytest
from itsdangerous import Signer

from gateway.receipts.tokens import Ticket, Tokens
from support.gateway_app import SECRET
from support.gateway_server import Server
from support.raw_http import answer_of

TICKET = Ticket(UUID(int=7), "signup", datetime(2026, 11, 22, tzinfo=UTC), confirmed=True)
GOOD = Tokens(SECRET).sign(TICKET)
SIGNED, _, SIGNATURE = GOOD.rpartition(".")
ELSEWHERE = Tokens("the secret of another installation, as long as this one's").sign(TICKET)

FORGED = [
    ELSEWHERE,
    f"{SIGNED}.{ELSEWHERE.rpartition('.')[2]}",
    f"{SIGNED.replace('signup', 'open')}.{SIGNATURE}",
    f"{SIGNED.replace(TICKET.id.hex, uuid4().hex)}.{SIGNATURE}",
    f"{SIGNED[:-1]}0.{SIGNATURE}",
    f"{SIGNED}.{SIGNATURE.swapcase()}",
    f"{SIGNED}.",
    f".{SIGNATURE}",
    SIGNED,
    SIGNATURE,
    *(GOOD[:length] for length in range(1, len(GOOD), 9)),
    GOOD[1:],
    f"{GOOD}A",
    f"{GOOD}=",
    f"{GOOD}.",
    f"{GOOD}%00",
    f"{GOOD}%0d%0aX:%20y",
    TICKET.id.hex,
    str(TICKET.id),
    "%ff",
    "%00",
    "..",
    "a" * 5000,
    Signer(SECRET).sign(SIGNED).decode(),
]


def test_the_good_one_is_good(gateway: Server) -> None:
    assert gateway.answers(f"/receipts/{GOOD}")


@pytest.mark.parametrize("suffix", ["", "/events"])
def test_forged_and_cut_tokens(gateway: Server, suffix: str) -> None:
    bodies = set[bytes]()
    for token in FORGED:
        with gateway.connect() as connection:
            connection.sendall(f"GET /receipts/{token}{suffix} HTTP/1.1\r\nHost: x\r\n\r\n".encode())
            answer = answer_of(connection, closes_within_s=0)
        assert answer.status == 404, token
        bodies.add(answer.body)
    assert len(bodies) == 1, "nothing of a token stands in an answer: whichever it is, the answer is the same"
