"""Where the console shows a submission: what mails to the owner, chats and webhooks link to."""

from __future__ import annotations

from uuid import UUID


def page_of(console_url: str | None, submission: UUID) -> str | None:
    """Return the address of a submission's page; None where nobody says where the console is reached.

    It holds nothing but the id: whoever opens it has to sign in, and sees it only if they may.
    """
    return f"{console_url}/console/submissions/{submission}" if console_url else None
