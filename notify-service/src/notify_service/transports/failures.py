"""The failures of a try to send, named by what is to be done about them."""

from __future__ import annotations


class SendFailure(Exception):
    """It was not sent. `reason` is a class of failure, such as `rcpt 550`: never the server's text or an address.

    `tells_of_channel` is true where it says something about the way to the server rather than about this delivery.
    `said` is what the server said, as `said.said` leaves it; empty where the reason says as much.
    """

    def __init__(self, reason: str, *, tells_of_channel: bool = False, said: str = "") -> None:
        super().__init__(reason)
        self.reason = reason
        self.tells_of_channel = tells_of_channel
        self.said = said


class Transient(SendFailure):
    """This delivery may work later, `after_s` seconds from now at the earliest."""

    after_s = 0.0


class Permanent(SendFailure):
    """This delivery will never work."""


class ChannelBroken(SendFailure):
    """Nothing works now: nothing is charged to this delivery."""

    def __init__(self, reason: str, *, said: str = "") -> None:
        super().__init__(reason, tells_of_channel=True, said=said)
