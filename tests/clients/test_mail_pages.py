"""Every mail in a browser, on a phone and on a desktop, light and dark: nothing sticks out, all of it is readable."""

from __future__ import annotations

import pytest
from playwright.sync_api import Browser

from notify_service.channels.mail import variables
from notify_service.channels.mail.fitting import LineShown, Shown
from notify_service.channels.mail.templates import Templates

LONG = "https://www.example.org/" + "a" * 300
TEXTS: dict[str, dict[str, object]] = {
    "confirmation": {"form": f"A {LONG}", "paragraphs": [[LONG], ["שלום", "x" * 200]], "sender": "Forms " + "y" * 90},
    "owner": {
        "form": LONG,
        "fields": [Shown("L" * 200, LONG), Shown("Name", "爱达" * 99)],
        "page": LONG,
        "answer_to": LONG,
    },
    "opt_in": {"form": f"A {LONG}", "confirm_url": LONG, "sender": "Forms " + "y" * 90},
    "digest": {
        "form": LONG,
        "lines": [LineShown("L" * 200, LONG, "10:00"), LineShown("爱达" * 99, "x" * 300, "10:00", LONG)],
        "list_url": LONG,
        "unsubscribe_url": LONG,
    },
    "invitation": {"site": "a" * 60 + ".example.org", "by": "x" * 64 + "@example.org", "sender": "Forms " + "y" * 90},
    "reset": {"site": "a" * 60 + ".example.org", "by": "", "link": LONG},
}

CONTRASTS = """() => {
  const lit = colour => {
    const [r, g, b] = colour.match(/[\\d.]+/g).slice(0, 3).map(one => one / 255)
      .map(one => one <= 0.03928 ? one / 12.92 : ((one + 0.055) / 1.055) ** 2.4);
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const ground = element => {
    for (let at = element; at; at = at.parentElement) {
      const colour = getComputedStyle(at).backgroundColor;
      if (!/, 0\\)$/.test(colour)) return colour;
    }
    return "rgb(255, 255, 255)";
  };
  return [...document.querySelectorAll("p, td, a, bdi")].filter(one => one.innerText.trim()).map(one => {
    const [a, b] = [lit(getComputedStyle(one).color), lit(ground(one))].sort((x, y) => y - x);
    return (a + 0.05) / (b + 0.05);
  });
}"""
"""The contrast of each text with what it stands on (WCAG 2, 1.4.3)."""


@pytest.mark.parametrize("language", ["en", "de"])
@pytest.mark.parametrize("mail", list(variables.MAILS))
@pytest.mark.parametrize(("width", "scheme"), [(375, "light"), (375, "dark"), (900, "light"), (900, "dark")])
def test_a_mail_is_readable(browser: Browser, mail: str, language: str, width: int, scheme: str) -> None:
    html = Templates().render(mail, language, {**variables.MAILS[mail].full, **TEXTS[mail]}).html
    context = browser.new_context(
        viewport={"width": width, "height": 700}, color_scheme="dark" if scheme == "dark" else "light"
    )
    page = context.new_page()
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.set_content(html)
    assert page.evaluate("document.documentElement.scrollWidth") <= width, "something sticks out"
    assert min(page.evaluate(CONTRASTS)) >= 4.5
    ground = page.evaluate("getComputedStyle(document.body).backgroundColor")
    assert ground == {"light": "rgb(243, 244, 246)", "dark": "rgb(22, 24, 28)"}[scheme]
    assert asked == [], "a mail fetches nothing"
    context.close()
