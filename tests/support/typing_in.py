"""Types into the fields of a contact form, as a person does."""

from __future__ import annotations

from playwright.sync_api import Page

ADDRESS = "ada@example.org"


def fill_in(page: Page, email: str, *, name: str = "Ada Lovelace", message: str = "Good morning.") -> None:
    """Type into the fields of a contact form, those that it has."""
    for field, value in {"name": name, "email": email, "message": message}.items():
        for found in page.locator(f"form [name={field}]").all():
            found.fill(value)
