"""Makes the receivers of webhooks fail."""

from __future__ import annotations

from dataclasses import dataclass

from support.polling import eventually
from support.webhook_receiver import Receiver


@dataclass
class WebhookHangs:
    """One endpoint takes requests and answers none of them until it is healed."""

    receiver: Receiver
    path: str
    hanging: int = 0

    def inject(self) -> None:
        """Hang from the next request on."""
        self.receiver.answers[self.path] = "late"

    def await_hanging(self, connections: int) -> None:
        """Wait until so many connections hang."""
        eventually(lambda: self.receiver.under_way[self.path] == connections, 30, f"{connections} connections hang")
        self.hanging = connections

    def heal(self) -> None:
        """Answer, those that hang first."""
        self.receiver.answers.pop(self.path, None)
        self.receiver.let_go.set()

    def evidence(self) -> dict[str, int]:
        """Return how many connections hung at once."""
        return {"webhooks hung": self.hanging}
