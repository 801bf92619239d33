"""Which providers may call, and what proves that it is them; none, unless it is said."""

from __future__ import annotations

from dataclasses import dataclass, field

from environs import FileAwareEnv

from gateway.bounces.sendgrid import public_key
from gateway.bounces.sns import ARN

_SECRET_LEAST = 16
"""Characters of what proves a provider: a shorter one was cut, or can be guessed."""


@dataclass(frozen=True, slots=True)
class BounceHooks:
    """The topics of SES, by ARN; Postmark's `user:password`; the keys of SendGrid and Mailgun. Empty ones are off."""

    ses_topics: tuple[str, ...] = ()
    postmark: str = field(default="", repr=False)
    sendgrid: str = ""
    mailgun: str = field(default="", repr=False)


def bounce_hooks(env: FileAwareEnv) -> BounceHooks:
    """Read `BOUNCES_SES`, `BOUNCES_POSTMARK`, `BOUNCES_SENDGRID` and `BOUNCES_MAILGUN`; see `problems`."""
    given = {
        name: (env.str(f"BOUNCES_{name}", "") or "").strip() for name in ("SES", "POSTMARK", "SENDGRID", "MAILGUN")
    }
    topics = tuple(one.strip() for one in given["SES"].split(",") if one.strip())
    return BounceHooks(topics, given["POSTMARK"], given["SENDGRID"], given["MAILGUN"])


def problems(hooks: BounceHooks) -> list[str]:
    """Return what is wrong about them."""
    found = []
    if not all(ARN.fullmatch(one) for one in hooks.ses_topics):
        found.append(
            "COUNTERFOIL_BOUNCES_SES: expected the ARN of a topic, such as arn:aws:sns:eu-west-1:123456789012:bounces;"
            " several with commas between"
        )
    user, _, password = hooks.postmark.partition(":")
    if hooks.postmark and (not user or len(password) < _SECRET_LEAST):
        least = f"a password of at least {_SECRET_LEAST} characters"
        found.append(f"COUNTERFOIL_BOUNCES_POSTMARK: expected user:password, and {least}")
    if hooks.sendgrid:
        try:
            public_key(hooks.sendgrid)
        except ValueError:
            found.append("COUNTERFOIL_BOUNCES_SENDGRID: expected the verification key that SendGrid shows, in base64")
    if hooks.mailgun and len(hooks.mailgun) < _SECRET_LEAST:
        found.append(
            f"COUNTERFOIL_BOUNCES_MAILGUN: expected the HTTP webhook signing key that Mailgun shows, of {_SECRET_LEAST}"
            " characters at least"
        )
    return found
