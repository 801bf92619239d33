"""Reads the secrets of forms from files below one folder, which holds nothing else.

A person who can write the forms file decides which files are read and where their content is sent. So nothing outside
the folder is opened, not even through a link, and no more of a file is read than the longest secret has.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TypeAlias

from shared.forms.captcha import Captcha
from shared.forms.chats.addresses import CHECKS
from shared.forms.chats.sections import Chat
from shared.forms.definitions import Form, Forms
from shared.forms.webhook import Webhook, check_secret
from shared.forms.webhook.headers import check_value

FOLDER = Path("secrets/forms")
"""Where they are unless COUNTERFOIL_FORM_SECRETS says another folder."""

BYTES_MOST = 4096

_FILE = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
_FOLDER = getattr(os, "O_PATH", os.O_RDONLY) | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
"""A folder on the way need not be readable, where the system knows of such an opening (Linux)."""


class NoSecret(Exception):
    """A form's secret cannot be read now; the text says why and what to do, and shows no content of a file."""


@dataclass(frozen=True, slots=True)
class FormSecrets:
    """Reads secrets from one folder, anew each time, so a new or changed secret counts at once."""

    folder: Path = FOLDER

    def of_captcha(self, captcha: Captcha) -> str | None:
        """Return a captcha's secret, None where it needs none; raises `NoSecret`."""
        if captcha.secret_file is None:
            return captcha.secret
        return self._lines(captcha.secret_file, most=1)[0]

    def of_webhook(self, webhook: Webhook) -> list[str]:
        """Return the secrets to sign with. A file holds two while a secret is being changed. Raises `NoSecret`."""
        if webhook.secret_file is None:
            return [webhook.secret or ""]
        found = self._lines(webhook.secret_file, most=2)
        for secret in found:
            _checked(check_secret, secret)
        return found

    def of_header(self, name: str) -> str:
        """Return the value of a header that a file holds; raises `NoSecret`."""
        return _checked(check_value, self._lines(name, most=1)[0])

    def headers_of(self, webhook: Webhook) -> dict[str, str]:
        """Return a webhook's own headers; raises `NoSecret`."""
        return {one.name: self.of_header(one.file) if one.file else one.value or "" for one in webhook.headers}

    def of_chat(self, table: str, chat: Chat) -> str:
        """Return the address or the token of a chat, of the section `table`; raises `NoSecret`."""
        return _checked(CHECKS[table], self._lines(chat.file, most=1)[0])

    def _lines(self, name: str, *, most: int) -> list[str]:
        try:
            text = self._content(name).decode("utf-8-sig").strip()
        except UnicodeError:
            raise NoSecret("the file is not UTF-8") from None
        except (OSError, ValueError) as error:  # ValueError: a name that no file can have
            reason = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
            raise NoSecret(f"the file cannot be read: {reason}") from None
        lines = [line.strip() for line in text.split("\n") if line.strip()]
        if not text:
            raise NoSecret("the file is empty")
        if len(lines) > most or not all(line.isprintable() for line in lines):
            raise NoSecret("expected one line of text" if most == 1 else f"expected {most} lines of text at most")
        return lines

    def _content(self, name: str) -> bytes:
        folder = Path(os.path.realpath(self.folder))
        path = Path(os.path.realpath(folder / name))
        if folder not in path.parents:
            raise NoSecret(f"the file has to lie below {self.folder} (COUNTERFOIL_FORM_SECRETS)")
        with open(_opened(folder, path.relative_to(folder)), "rb") as file:
            if not stat.S_ISREG(os.fstat(file.fileno()).st_mode):
                raise NoSecret("no regular file")
            content = file.read(BYTES_MOST + 1)
        if len(content) > BYTES_MOST:
            raise NoSecret(f"the file has more than {BYTES_MOST} bytes")
        return content


def _opened(folder: Path, inside: Path) -> int:
    """Open a file below a folder step by step, so that a link made after the check cannot lead outside."""
    at = os.open(folder, _FOLDER)
    for name, flags in zip(inside.parts, [*[_FOLDER] * (len(inside.parts) - 1), _FILE], strict=True):
        try:
            step = os.open(name, flags, dir_fd=at)
        finally:
            os.close(at)
        at = step
    return at


def _checked(check: Callable[[str], None], value: str) -> str:
    try:
        check(value)
    except ValueError as error:
        raise NoSecret(str(error)) from None
    return value


Place: TypeAlias = tuple[str, ...]
"""The keys of the file that lead to a secret from its form; an entry of a list stands in it by its name."""

Read: TypeAlias = Callable[[FormSecrets], object]
"""Reads a secret; raises `NoSecret`."""

Reader: TypeAlias = Callable[[Form], Iterator[tuple[Place, Read]]]
"""Names every secret of a form's table that a file holds."""


@dataclass(frozen=True, slots=True)
class Missing:
    """A secret that cannot be read: whose it is, where in the form it is named, and why."""

    form: str
    table: str
    place: Place
    reason: str


def in_captcha(form: Form) -> Iterator[tuple[Place, Read]]:
    """Name the secret of a form's captcha. The gateway alone can read it."""
    if captcha := form.captcha:
        yield ("captcha", "secret_file"), lambda secrets: secrets.of_captcha(captcha)


def in_webhooks(form: Form) -> Iterator[tuple[Place, Read]]:
    """Name the secrets of a form's webhooks. The notify service alone can read them."""
    for webhook in form.every_webhook:
        place: Place = ("webhook",) if webhook is form.webhook else ("webhooks", webhook.name)
        yield (*place, "secret_file"), partial(_of_webhook, webhook)
        for header in webhook.headers:
            if header.file:
                yield (*place, "headers", header.name), partial(_of_header, header.file)


def _of_webhook(webhook: Webhook, secrets: FormSecrets) -> object:
    return secrets.of_webhook(webhook)


def _of_header(name: str, secrets: FormSecrets) -> object:
    return secrets.of_header(name)


def in_chat(table: str) -> Reader:
    """Return what names the secret of a section that is a chat. The notify service alone can read it."""

    def named(form: Form) -> Iterator[tuple[Place, Read]]:
        chat: Chat | None = getattr(form, table)
        if chat:
            yield (table, chat.KEY), partial(_of_chat, table, chat)

    return named


def _of_chat(table: str, chat: Chat, secrets: FormSecrets) -> object:
    return secrets.of_chat(table, chat)


READERS: dict[str, Reader] = {
    "captcha": in_captcha,
    "webhook": in_webhooks,
    **{table: in_chat(table) for table in CHECKS},
}
"""What names the secrets of each table, `webhooks` among `webhook`'s."""


def missing(forms: Forms, secrets: FormSecrets, tables: Sequence[str]) -> list[Missing]:
    """Return the secrets that cannot be read, of these tables alone: each service looks at its own."""
    found = []
    for name, form in forms.items():
        for table in tables:
            for place, read in READERS[table](form):
                try:
                    read(secrets)
                except NoSecret as error:
                    found.append(Missing(name, table, place, str(error)))
    return found
