"""Pages that send by a script: the vendors' snippets and packages, jQuery, axios, htmx, each with another address only.

What counts is what the page's own success and error branches show, and what its owner finds.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from zlib import crc32

import pytest
from playwright.sync_api import Page, expect

from clients.conftest import Visit
from support.owner import Owner
from support.typing_in import fill_in

FORMSPREE = {"https://formspree.io": ""}
WEB3FORMS = {"https://api.web3forms.com/submit": "/f/web3forms"}
NETLIFY = {"https://www.example.netlify.app/": "/f/netlify"}
BASIN = {"https://usebasin.com/f/1a2b3c4d5e6f": "/f/basin"}
OURS = {"https://forms.example.org": ""}
WRONG = "email address"
THANKS = "Thank you. We have your submission."


@dataclass(frozen=True)
class Client:
    """A page, the form it posts to, and what it shows where that went well and where it did not."""

    page: str
    addresses: dict[str, str] = field(hash=False)
    form: str
    success: str
    error: str = WRONG
    package: str = ""
    fragment: str = ""
    shows: str = "#status"

    def __str__(self) -> str:
        return " ".join(filter(None, (self.page, self.package, self.fragment)))


CLIENTS = [
    Client("formspree-fetch.html", FORMSPREE, "formspree", "Thanks for your submission!"),
    Client("formspree-library.html", FORMSPREE, "formspree", "Thank you!", shows="[data-fs-active]"),
    Client("formspree-react.jsx", FORMSPREE, "formspree", "Thank you for signing up!"),
    Client("web3forms-fetch.html", WEB3FORMS, "web3forms", "Form submitted successfully"),
    Client("web3forms-react.jsx", WEB3FORMS, "web3forms", f"Success: {THANKS}"),
    Client("netlify-fetch.html", NETLIFY, "netlify", "Submitted", error="Failed"),
    Client("basin-ajax.html", BASIN, "basin", "Success"),
    Client("jquery.html", OURS, "anything", "Message sent!", package="jquery"),
    Client("jquery.html", OURS, "anything", "Message sent!", package="jquery-1"),
    Client("jquery-post.html", OURS, "anything", "Message sent!", package="jquery"),
    Client("axios.html", OURS, "anything", "Message sent!", fragment="#json"),
    Client("axios.html", OURS, "anything", "Message sent!", fragment="#urlencoded"),
    Client("axios.html", OURS, "anything", "Message sent!", fragment="#multipart"),
    Client("htmx.html", OURS, "anything", "Thank you.", package="htmx.org"),
    Client("htmx.html", OURS, "anything", "Thank you.", package="htmx-2"),
]


def open_page(visit: Visit, client: Client) -> Page:
    page = visit(client.page, client.addresses, package=client.package)
    if client.fragment:
        page.evaluate("fragment => location.hash = fragment", client.fragment)
    return page


@pytest.mark.parametrize("client", CLIENTS, ids=str)
def test_what_is_wrong_is_shown_and_what_is_right_is_stored(visit: Visit, owner: Owner, client: Client) -> None:
    page = open_page(visit, client)
    fill_in(page, "nowhere")
    page.get_by_role("button").click()
    expect(page.locator(client.shows)).to_contain_text(client.error)

    address = f"{crc32(str(client).encode())}@example.org"
    fill_in(page, address)
    typed = {name: page.locator(f"[name={name}]").input_value() for name in ("email", "message")}
    page.get_by_role("button").click()
    expect(page.locator(client.shows)).to_contain_text(client.success)
    stored = owner.await_stored(client.form, address)
    assert stored.pop("name", "Ada Lovelace") == "Ada Lovelace"
    assert stored == typed
