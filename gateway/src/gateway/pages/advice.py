"""Tells a visitor what to do next, after a refusal that has no form to offer again."""

from __future__ import annotations

from gateway.http.errors import Refused

_HEADINGS = {
    404: "There is no page at this address.",
    405: "This address is not one to open like that.",
}
"""In place of what a refusal by HTTP's own rules is called."""

_NEXT = {
    "BLOCKED": (
        "Nothing was stored. The page you came from may not send to this form: please tell whoever runs it, "
        "or reach them in another way."
    ),
    "INACTIVE": "Nothing was stored. Please ask whoever gave you the form where to turn now.",
    "ACCESS_KEY": "Nothing was stored. The page you came from is not set up for this form. Please tell its owner.",
    "FORM_NOT_FOUND": "Please check the address, or ask whoever gave it to you. The form may be gone.",
    "RECEIPT_NOT_FOUND": "A receipt has a long address. Please check that you have all of it.",
    "TOO_LARGE": "Nothing was stored. Please shorten what you wrote, and send it again.",
    "FILES_TOO_BIG": "Nothing was stored. Please choose smaller files, or fewer, and send it again.",
    "NO_FILE_UPLOADS": (
        "Nothing was stored. Please send it without the file, or tell whoever runs the page you came from."
    ),
    "TOO_MANY_FIELDS": "Nothing was stored. Please tell whoever runs the page you came from.",
    "TOO_MANY_PRESSES": "Nothing came of it. Please wait {wait}, and press the button again.",
    "TOO_MANY_REQUESTS": "Nothing was stored. Please wait {wait}, and send it again.",
}

_OTHERWISE = {
    400: "Nothing was stored. Please send it again; if that does not help, tell whoever runs the page you came from.",
    403: "Nothing was stored. Please tell whoever runs the page you came from.",
    404: "Please check the address, or ask whoever gave it to you.",
    405: "Please open the page with the form, and send it from there.",
    408: "Nothing was stored. Please send it again, over a faster connection or with smaller files.",
    413: "Nothing was stored. Please tell whoever runs the page you came from.",
    415: "Nothing was stored. Please tell whoever runs the page you came from.",
    500: "If it was a form that you sent: please send it again.",
    503: "Please try again in a minute.",
}

_BACK = "What you typed is still in the page you came from: your browser's Back button leads there."


def heading_of(refusal: Refused) -> str:
    """Return a refusal's heading, in a visitor's words."""
    is_ours = any(error.code in _NEXT for error in refusal.errors)
    return refusal.title if is_ours else _HEADINGS.get(refusal.status, refusal.title)


def advice_on(refusal: Refused, *, posted: bool) -> list[str]:
    """Return what to do next, a sentence or two in each; `posted` says that a form was sent."""
    codes = [error.code for error in refusal.errors]
    text = next((_NEXT[code] for code in codes if code in _NEXT), _OTHERWISE.get(refusal.status, ""))
    advice = text.replace("{wait}", _wait_of(refusal))
    if not posted:
        advice = advice.removeprefix("Nothing was stored. ")
    was_typed = posted and "TOO_MANY_PRESSES" not in codes
    return [line for line in (advice, _BACK if was_typed else "") if line]


def _wait_of(refusal: Refused) -> str:
    seconds = int(refusal.headers.get("Retry-After", "60"))
    minutes = -(-seconds // 60)
    return "a minute" if minutes <= 1 else f"{minutes} minutes"
