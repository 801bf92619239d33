"""`python -m storage_service user …` invites people, changes their roles, and helps who locked themselves out."""

from __future__ import annotations

import argparse
from collections.abc import Callable, Mapping, Sequence

from shared import settings
from shared.database import iso
from shared.terminal import Refused, complain, parser, say
from storage_service.accounts.addresses import BadAddress, address_of
from storage_service.accounts.links import GOOD_FOR, PLACES, Link, Links, Purpose
from storage_service.accounts.roles import ROLES, BadGrants, Grant, a_grant, checked
from storage_service.accounts.user import User
from storage_service.accounts.users import LastOwner, Users
from storage_service.commands.program import PROGRAM, opened, whoever_types

_HELP = f"""\
Invite people to the console, see who may sign in, change what they may do, end accounts. Links are shown once, and
only their hashes are kept.

  user add ada@example.org --role owner            a link to an account that may do everything, good for 72 hours
  user add ada@example.org --role editor --forms contact,jobs
  user list                                        each with its roles, ways to sign in and last visit
  user role ada@example.org --role viewer          these roles in place of those it has
  user end ada@example.org                         it signs in no more, and is signed out everywhere
  user link ada@example.org                        a new link for who is invited; the older one opens nothing any more
  user reset ada@example.org                       a link to a new password, good for 30 minutes

Roles: {", ".join(ROLES)}. COUNTERFOIL_PUBLIC_URL says where the gateway is reached: what links begin with.\
"""


def user(arguments: Sequence[str]) -> int:
    """Invite people to the console, list accounts, change or end them, or make a link for a new password."""
    given = _parser().parse_args(arguments)
    does: Mapping[str, Callable[[Users, Links, argparse.Namespace], None]] = {
        "add": _add,
        "list": _list,
        "role": _change,
        "end": _end,
        "link": _link,
        "reset": _reset,
    }
    with opened() as engine:
        does[given.what](Users(engine), Links(engine), given)
    return 0


def _add(users: Users, links: Links, given: argparse.Namespace) -> None:
    if users.by_email(given.email):
        raise Refused(f"there is an account {given.email} already: user role changes it, user reset lets it in again")
    _show(links, "invitation", given.email, _grants(given))


def _link(users: Users, links: Links, given: argparse.Namespace) -> None:  # noqa: ARG001 - as the others
    invited = links.invited(given.email)
    if invited is None:
        raise Refused(f"nobody is invited at {given.email}, or not any more: user add")
    _show(links, "invitation", invited.email, invited.grants)


def _reset(users: Users, links: Links, given: argparse.Namespace) -> None:
    _show(links, "reset", _account(users, links, given.email).email, ())


def _change(users: Users, links: Links, given: argparse.Namespace) -> None:
    one = _account(users, links, given.email)
    try:
        changed = users.change_grants(one.id, _grants(given), whoever_types())
    except LastOwner:
        raise Refused(f"{one.email} is the last owner: make another one first") from None
    say(f"{changed.email}\t{_in_words(changed.grants)}")


def _end(users: Users, links: Links, given: argparse.Namespace) -> None:
    invited = links.invited(given.email)
    if invited is not None and links.end(invited.id, whoever_types()):
        say(f"{invited.email} is not invited any more")
        return
    one = _account(users, links, given.email)
    try:
        users.end(one.id, whoever_types())
    except LastOwner:
        raise Refused(f"{one.email} is the last owner: make another one first") from None
    say(f"{one.email} has ended")


def _list(users: Users, links: Links, given: argparse.Namespace) -> None:  # noqa: ARG001 - as the others
    found, invited = users.listed(), links.listed()
    if not found and not invited:
        complain("no accounts yet: open the setup link that the console was started with, or user add")
    for one in found:
        say(f"{one.email}\t{_in_words(one.grants)}\t{_ways(one)}\t{_last(one)}")
    for link in invited:
        say(f"{link.email}\t{_in_words(link.grants)}\tinvited\t{_until(link)}")


def _show(links: Links, purpose: Purpose, email: str, grants: Sequence[Grant]) -> None:
    base = _public_url()
    token = links.make(purpose, email, grants, whoever_types())
    minutes = int(GOOD_FOR[purpose].total_seconds()) // 60
    time = f"{minutes} minutes" if minutes < 60 else f"{minutes // 60} hours"
    complain(f"This link is shown once, opens once, and is good for {time}:")
    say(f"{base}{PLACES[purpose]}{token}")
    if not base:
        complain("Put the address of the gateway before it; COUNTERFOIL_PUBLIC_URL=https://… does that.")


def _public_url() -> str:
    env = settings.reader()
    public, console = settings.public_url(env), settings.console_public_url(env)
    settings.sealed(env)
    return console or public or ""


def _account(users: Users, links: Links, email: str) -> User:
    found = users.by_email(email)
    if found is None and links.invited(email):
        raise Refused(
            f"{email} is invited and has no account yet: user link makes a new link, user add with other roles"
        )
    if found is None:
        raise Refused(f"there is no account {email}: see user list")
    return found


def _grants(given: argparse.Namespace) -> Sequence[Grant]:
    try:
        return checked([a_grant(given.role, form) for form in given.forms or [None]])
    except BadGrants as error:
        raise Refused(str(error)) from None


def _in_words(grants: Sequence[Grant]) -> str:
    return ",".join(map(str, grants))


def _ways(one: User) -> str:
    ways = {"password": one.has_password, "passkey": one.passkeys, "single sign-on": one.is_single_sign_on}
    return ",".join(name for name, there in ways.items() if there) or "no way to sign in"


def _last(one: User) -> str:
    if one.ended_at:
        return f"ended {iso(one.ended_at)}"
    return f"seen {iso(one.last_seen_at)}" if one.last_seen_at else "never seen"


def _until(link: Link) -> str:
    return f"good until {iso(link.expires_at)}"


def _parser() -> argparse.ArgumentParser:
    made = parser(PROGRAM, "user", _HELP)
    what = made.add_subparsers(dest="what", required=True, metavar="add|list|role|end|link|reset")
    lines = {
        "add": "invite somebody, and show the link",
        "role": "give an account other roles",
        "end": "end an account, or an invitation",
        "link": "show a new link for who is invited",
        "reset": "show a link to a new password",
    }
    for name, line in lines.items():
        one = what.add_parser(name, help=line)
        one.add_argument("email", metavar="EMAIL", type=_email)
        if name in ("add", "role"):
            one.add_argument("--role", choices=ROLES, required=True)
            one.add_argument("--forms", metavar="FORM,…", type=_forms, help="for these forms alone; without, for all")
    what.add_parser("list", help="show all accounts and invitations, also accounts that have ended")
    return made


def _email(text: str) -> str:
    try:
        return address_of(text).shown
    except BadAddress as error:
        raise argparse.ArgumentTypeError(str(error)) from None


def _forms(text: str) -> list[str]:
    return list(dict.fromkeys(part.strip() for part in text.split(",")))
