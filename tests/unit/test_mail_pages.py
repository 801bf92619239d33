"""The HTML of every mail is made for mail programs: tables, nothing that is fetched or run, any direction of text."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from notify_service.channels.mail import template_set, variables
from notify_service.channels.mail.templates import Templates

PAGES = sorted(template_set.BUILT_IN.glob("*/*.body.html"))


@pytest.mark.parametrize("path", PAGES, ids=lambda path: f"{path.parent.name}-{path.name[:2]}")
def test_a_page_of_a_mail_fetches_and_runs_nothing(path: Path) -> None:
    page = path.read_text()
    assert not re.search(r"<(script|img|link|iframe|form|object|video|svg|base|meta http)", page)
    assert not re.search(r"url\(|@import|\ssrc=|\son\w+=|javascript:|position:|display: (flex|grid)", page)
    assert page.count("<table") == page.count("</table>")
    assert page.count("<table") == page.count('<table role="presentation"')
    assert "prefers-color-scheme: dark" in page
    assert "<!--[if mso]><table" in page, "Outlook knows no max-width"


def test_every_text_of_somebodys_reads_in_its_own_direction() -> None:
    templates = Templates()
    for mail, known in variables.MAILS.items():
        for language in ("en", "de"):
            page = templates.render(mail, language, known.full).html
            assert f'<html lang="{language}">' in page
            shown = [
                line for line in page.splitlines() if re.search("Ada|ada@|Sign up|Contact|Two lines|See you soon", line)
            ]
            body = [line for line in shown if "<title>" not in line]
            assert body
            assert all('dir="auto"' in line for line in body)
