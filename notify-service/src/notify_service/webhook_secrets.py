"""The secrets that webhooks are signed with, read anew for each: a change of them needs no restart."""

from __future__ import annotations

from pathlib import Path

from shared.forms import Forms, FormsError, Webhook
from shared.forms.webhook import check_secret


def secrets_of(webhook: Webhook) -> list[str]:
    """Return the secrets to sign with: the given one, or each line of its file. Two lines are a change under way.

    Raises OSError, and ValueError where the file holds something else; its text shows nothing of it.
    """
    if webhook.secret_file is None:
        return [webhook.secret or ""]
    found = Path(webhook.secret_file).read_text(encoding="utf-8").split()
    if not found:
        raise ValueError("the file is empty")
    for secret in found:
        check_secret(secret)
    return found


def check_secrets(forms: Forms) -> None:
    """Raise `FormsError` with every webhook whose secret cannot be read: only the notify service needs them."""
    wrong = []
    for name, form in forms.items():
        place = f"forms.{name}.webhook.secret_file"
        try:
            if form.webhook:
                secrets_of(form.webhook)
        except UnicodeError:
            wrong.append(f"{place}: the file is not UTF-8")
        except OSError as error:
            wrong.append(f"{place}: cannot be read: {error}")
        except ValueError as error:
            wrong.append(f"{place}: {error}")
    if wrong:
        raise FormsError("\n".join(wrong))
