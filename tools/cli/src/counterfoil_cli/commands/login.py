"""`counterfoil login`, `logout` and `installations`: which installations are known here."""

from __future__ import annotations

import click

from counterfoil_cli.address import ADDRESS_MOST, checked
from counterfoil_cli.api import Api
from counterfoil_cli.choosing import allows_http, checked_key
from counterfoil_cli.exits import NotAllowed, UnknownKey, Wrong
from counterfoil_cli.harmless import line
from counterfoil_cli.options import command
from counterfoil_cli.output import Column
from counterfoil_cli.saved import NAME, Place
from counterfoil_cli.session import Session

_LOGIN = """Keep the address of an installation and a key for it.

What is not given is asked for; the key is not shown while it is typed, or is the first line of standard input. It is
tried before it is kept, in a file that you alone can read. COUNTERFOIL_URL and COUNTERFOIL_KEY do without the file."""


@command(
    "login",
    _LOGIN,
    "counterfoil login https://forms.example.org",
    "counterfoil login --name test http://127.0.0.1:8080 < key.txt",
)
@click.argument("address", required=False)
@click.option("--name", metavar="NAME", help="What to call it here (default: main).")
@click.option("--usual", is_flag=True, help="Mean this one from now on where none is named.")
@click.option("--allow-http", is_flag=True, help="Send the key over http: everybody on the way can read it.")
def login(session: Session, *, address: str | None, name: str | None, usual: bool, allow_http: bool) -> None:
    """Ask, try and keep."""
    name = name or session.installation or "main"
    if not NAME.fullmatch(name):
        raise Wrong("a name has letters, digits, points, hyphens and underscores, 64 at most")
    allow_http = allow_http or allows_http(session.world.environment)
    url = checked(address or _asked_address(session), allow_http=allow_http)
    place = Place(url, checked_key(_asked_key(session)), allow_http)
    _try(session, place)
    saved = session.world.saved
    saved.save(saved.load().with_one(name, place, usual=usual))
    session.output.line(f"{line(url)} is known as {name}; the key is kept in {saved.path}")


def _asked_address(session: Session) -> str:
    if not session.world.stdin.isatty():
        raise Wrong("give the address: counterfoil login https://forms.example.org")
    return str(click.prompt("Address", err=True))[: ADDRESS_MOST + 1]


def _asked_key(session: Session) -> str:
    if session.world.stdin.isatty():
        return str(click.prompt("Key (not shown)", hide_input=True, err=True))
    return session.world.stdin.readline(4096)


def _try(session: Session, place: Place) -> None:
    """Ask something with the key. One that may not read, and only exports, is a good one, too."""
    try:
        Api(place, session.world.sleep).get("/submissions", {"limit": 1})
    except UnknownKey as error:
        raise UnknownKey(f"{line(place.url)} does not know this key: nothing is kept") from error
    except NotAllowed as error:
        session.output.note(str(error))


@command("logout", "Forget an installation and its key.", "counterfoil logout test")
@click.argument("name", required=False)
def logout(session: Session, *, name: str | None) -> None:
    """Forget one."""
    places = session.world.saved.load()
    name = name or session.installation or places.usual or ""
    if name not in places.by_name:
        raise Wrong(f"there is no installation {line(name)!r} here")
    session.world.saved.save(places.without(name))
    session.output.line(f"{name} is forgotten; whoever has the key can still use it until it is ended")


@command("installations", "List the installations that are known here.")
def installations(session: Session) -> None:
    """List them, without their keys."""
    places = session.world.saved.load()
    found = [{"name": name, "url": place.url, "usual": name == places.usual} for name, place in places.by_name.items()]
    if session.as_json:
        session.output.json({"installations": found})
        return
    rows = [(line(one["name"]), line(one["url"]), "usual" if one["usual"] else "") for one in found]
    session.output.table((Column("NAME"), Column("ADDRESS"), Column("")), rows)
