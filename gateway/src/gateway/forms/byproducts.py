"""Takes out of a submission what browsers and frameworks add by themselves, and nobody typed.

A form with fields would refuse it, and any other would store and mail it. What a form defines among its fields is
always a field. What may be a person's (the button that was pressed, where an image was clicked) is taken out only
where the form would not keep it. Sources: HTML (form submission: `_charset_`, `dirname`, image buttons), and each
framework's documentation of the hidden fields its forms have.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Set

from shared.contracts import JsonValue
from shared.forms import Form

MACHINE: Mapping[str, tuple[str, ...]] = {
    "HTML": ("_charset_",),
    "Rails": ("authenticity_token", "_method"),
    "Django": ("csrfmiddlewaretoken",),
    "Laravel": ("_token",),
    "Symfony": ("_csrf_token",),
    "Spring, Express": ("_csrf",),
    "CakePHP": ("_csrftoken",),
    "Flask-WTF": ("csrf_token",),
    "Yii": ("_csrf-frontend", "yii_csrf_token"),
    "Tornado": ("_xsrf",),
    "others": ("csrf", "csrf-token", "csrftoken", "xsrf-token"),
    "ASP.NET": ("__requestverificationtoken", "__viewstate", "__viewstategenerator", "__viewstateencrypted"),
    "ASP.NET, events": ("__eventvalidation", "__eventtarget", "__eventargument", "__lastfocus"),
    "WordPress": ("_wpnonce", "_wp_http_referer"),
    "Contact Form 7": (
        *("_wpcf7", "_wpcf7_version", "_wpcf7_locale", "_wpcf7_unit_tag", "_wpcf7_container_post"),
        *("_wpcf7_posted_data_hash", "_wpcf7_recaptcha_response"),
    ),
    "Drupal": ("form_build_id", "form_token"),
    "reCAPTCHA": ("g-recaptcha-response",),
    "hCaptcha": ("h-captcha-response",),
    "Turnstile": ("cf-turnstile-response",),
    "Friendly Captcha": ("frc-captcha-solution", "frc-captcha-response"),
    "ALTCHA": ("altcha",),
    "mCaptcha": ("mcaptcha__token",),
    "Prosopo": ("procaptcha-response",),
}
"""Names in small letters, by who adds them: a person never answers in one of these."""

BUTTONS = frozenset({"submit", "commit", "btnsubmit"})
"""Names of buttons that say which one was pressed, in small letters."""

_MACHINE = frozenset(name for names in MACHINE.values() for name in names)
_TICK = ("\u2713", "&#x2713;")
_COORDINATE = re.compile(r"[0-9]{1,5}")


class Byproducts:
    """Finds them in the submissions to one form."""

    def __init__(self, form: Form) -> None:
        self._fields: Set[str] = frozenset(form.fields or ())
        self._keeps = form.fields is None or form.unknown == "keep"

    def among(self, values: Mapping[str, JsonValue]) -> list[str]:
        """Return the names of what is to be taken out."""
        if values.keys() <= self._fields:
            return []
        return [name for name in values if name not in self._fields and self._is_one(name, values)]

    def _is_one(self, name: str, values: Mapping[str, JsonValue]) -> bool:
        word = name.lower()
        if word in _MACHINE:
            return True
        if word == "utf8":  # Rails' tick, which made old browsers send UTF-8
            return values[name] in _TICK
        if word.endswith(".dir"):
            return name[: -len(".dir")] in values and values[name] in ("ltr", "rtl")
        return not self._keeps and (word in BUTTONS or _is_coordinate(name, values))


def _is_coordinate(name: str, values: Mapping[str, JsonValue]) -> bool:
    """Return whether a value is one of the two that an image button sends, as `x` and `y` or `name.x` and `name.y`."""
    start, axis = name[:-1], name[-1:]
    if axis not in ("x", "y") or (start and not start.endswith(".")):
        return False
    pair = (values.get(f"{start}x"), values.get(f"{start}y"))
    return all(isinstance(one, str) and _COORDINATE.fullmatch(one) for one in pair)
