"""Records what a page in the browser posts."""

from __future__ import annotations

from urllib.parse import parse_qs

from playwright.sync_api import Page, Request


def posts_of(page: Page) -> list[Request]:
    """Return a list that grows with each post of the page."""
    posts: list[Request] = []
    page.on("request", lambda request: posts.append(request) if request.method == "POST" else None)
    return posts


def key_of(post: Request) -> str:
    """Return the idempotency key in an urlencoded post."""
    (key,) = parse_qs(post.post_data or "")["_idempotency_key"]
    return key
