"""What a mail server says to a mail is handed on, without the recipient's address."""

from __future__ import annotations

import pytest

from notify_service.transports.failures import SendFailure
from support.confirmations import a_mail
from support.senders import Connect
from support.smtp import ScriptedSmtp


def test_what_the_server_says_to_the_end_of_a_mail_is_returned(connect: Connect, server: ScriptedSmtp) -> None:
    server.answering("data", "250 2.0.0 queued as 17 for ada@example.org")
    assert connect(server).send(a_mail(), timeout_s=5) == "250 2.0.0 queued as 17 for a…@example.org"


def test_what_the_server_says_to_a_recipient_is_told_with_the_failure(connect: Connect, server: ScriptedSmtp) -> None:
    server.answering("rcpt", "550-5.1.1 <ada@example.org> is\r\n550 nobody here")
    with pytest.raises(SendFailure) as refused:
        connect(server).send(a_mail(), timeout_s=5)
    assert refused.value.said == "550 5.1.1 <a…@example.org> is nobody here"
