"""The small parts of `counterfoil`: addresses, the file of keys, moments, zones, marks, and files that arrive."""

from __future__ import annotations

import io
import json
import os
import stat
import zipfile
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import BinaryIO

import pytest

from counterfoil_cli.address import checked
from counterfoil_cli.arriving import Arriving, Format
from counterfoil_cli.choosing import checked_key, chosen
from counterfoil_cli.commands.subject import suppressed_words
from counterfoil_cli.exits import NotAllowed, Wrong
from counterfoil_cli.files import replaced
from counterfoil_cli.moments import ago, moment_of
from counterfoil_cli.refusals import marked
from counterfoil_cli.saved import Place, Places, Saved
from counterfoil_cli.submissions import locked, preview, text
from counterfoil_cli.zone import local_zone

NOW = datetime(2026, 11, 22, 18, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("text", "taken"),
    [
        ("https://forms.example.org/", "https://forms.example.org"),
        ("https://example.org/forms/v1", "https://example.org/forms"),
        ("http://127.0.0.1:8080", "http://127.0.0.1:8080"),
        ("http://[::1]:8080", "http://[::1]:8080"),
        ("http://localhost", "http://localhost"),
    ],
)
def test_an_address_is_taken(text: str, taken: str) -> None:
    assert checked(text) == taken


@pytest.mark.parametrize(
    "text",
    [
        *("", "forms.example.org", "ftp://example.org", "https://", "https://user:secret@example.org", "https://a b"),
        *(
            "https://example.org?x=1",
            "https://example.org#x",
            "https://example.org:99999",
            "https://[::1",
            "https://\x1b",
        ),
        *("http://example.org", "http://127.0.0.1.example.org", "http://128.0.0.1", "https://" + "a" * 1000),
    ],
)
def test_an_address_is_refused(text: str) -> None:
    with pytest.raises(Wrong) as refused:
        checked(text)
    assert "\x1b" not in str(refused.value)
    assert "secret" not in str(refused.value)


def test_http_to_another_machine_says_how_to_allow_it() -> None:
    with pytest.raises(Wrong, match="--allow-http"):
        checked("http://gateway:8080")
    assert checked("http://gateway:8080", allow_http=True) == "http://gateway:8080"


def test_keys_are_kept_for_their_owner_alone(tmp_path: Path) -> None:
    saved = Saved(tmp_path / "deep" / "config")
    assert saved.load() == Places()
    saved.save(Places().with_one("main", Place("https://a.example", "cf_a"), usual=False))
    saved.save(saved.load().with_one("test", Place("http://127.0.0.1:1", "cf_b"), usual=False))
    assert stat.S_IMODE(saved.path.stat().st_mode) == 0o600
    assert stat.S_IMODE(saved.path.parent.stat().st_mode) == 0o700
    assert [one.name for one in saved.path.parent.iterdir()] == [saved.path.name]
    places = saved.load()
    assert (places.usual, {*places.by_name}) == ("main", {"main", "test"})
    assert places.without("main").usual == "test"
    assert saved.is_private()
    saved.path.chmod(0o644)
    assert not saved.is_private()


@pytest.mark.parametrize("damaged", ["", "{", "[]", '{"installations": {"a": {}}}', '{"installations": 1}', "null"])
def test_a_damaged_file_says_so(tmp_path: Path, damaged: str) -> None:
    saved = Saved(tmp_path)
    saved.path.write_text(damaged)
    with pytest.raises(Wrong, match="damaged"):
        saved.load()


def test_which_installation_is_meant(tmp_path: Path) -> None:
    saved = Saved(tmp_path)
    with pytest.raises(NotAllowed, match="counterfoil login"):
        chosen(saved, {}, None)
    main, test = Place("https://a.example", "cf_a"), Place("http://127.0.0.1:1", "cf_b")
    saved.save(Places().with_one("main", main, usual=True).with_one("test", test, usual=False))
    environment = {"COUNTERFOIL_URL": "http://127.0.0.1:2/", "COUNTERFOIL_KEY": "cf_c"}
    assert chosen(saved, {}, None) == main
    assert chosen(saved, {}, "test") == test
    assert chosen(saved, environment, None) == Place("http://127.0.0.1:2", "cf_c")
    assert chosen(saved, environment, "test") == test, "who names one means it"
    with pytest.raises(Wrong, match="known: main, test"):
        chosen(saved, {}, "other")


@pytest.mark.parametrize("missing", ["COUNTERFOIL_URL", "COUNTERFOIL_KEY"])
def test_a_saved_key_never_goes_to_the_environments_address(tmp_path: Path, missing: str) -> None:
    saved = Saved(tmp_path)
    saved.save(Places().with_one("main", Place("https://a.example", "cf_a"), usual=True))
    environment = {"COUNTERFOIL_URL": "http://127.0.0.1:2", "COUNTERFOIL_KEY": "cf_c"}
    del environment[missing]
    with pytest.raises(Wrong, match=missing):
        chosen(saved, environment, None)


@pytest.mark.parametrize("key", ["", " ", "cf_a b", "cf_\n\x1b", "cf_ö", "x" * 513])
def test_a_key_that_cannot_stand_in_a_header_is_refused_and_not_shown(key: str) -> None:
    with pytest.raises(Wrong) as refused:
        checked_key(key)
    assert not key.strip() or key not in str(refused.value)


def test_a_place_does_not_show_its_key() -> None:
    assert "cf_a" not in repr(Place("https://a.example", "cf_a"))


@pytest.mark.parametrize(
    ("passed", "said"),
    [
        (timedelta(seconds=-5), "0 s"),
        (timedelta(seconds=59), "59 s"),
        (timedelta(minutes=59), "59 min"),
        (timedelta(hours=23), "23 h"),
        (timedelta(days=7), "7 d"),
        (timedelta(days=8), "14 Nov"),
        (timedelta(days=365), "2025-11-22"),
    ],
)
def test_how_long_ago_is_said_in_one_unit(passed: timedelta, said: str) -> None:
    assert ago(NOW - passed, NOW) == said


def test_what_is_no_moment_is_none() -> None:
    assert moment_of("2026-11-22T18:00:00.000000Z") == NOW
    assert moment_of("2026-11-22T18:00:00") == NOW
    assert [*map(moment_of, (None, "", "yesterday", 7, {}))] == [None] * 5


def test_the_zone_of_the_days_is_the_readers(tmp_path: Path) -> None:
    zones = tmp_path / "zoneinfo" / "Europe"
    zones.mkdir(parents=True)
    (zones / "Berlin").touch()
    (tmp_path / "localtime").symlink_to(zones / "Berlin")
    (tmp_path / "copied").touch()
    assert local_zone({}, tmp_path / "localtime") == "Europe/Berlin"
    assert local_zone({"TZ": "America/New_York"}, tmp_path / "localtime") == "America/New_York"
    assert local_zone({"TZ": ":/usr/share/zoneinfo/Asia/Tokyo"}) == "Asia/Tokyo"
    assert local_zone({"TZ": "CET-1CEST,M3.5.0"}) is None
    assert local_zone({}, tmp_path / "copied") is None


@pytest.mark.parametrize(
    ("query", "place", "mark"),
    [
        ("form:contact is:nwe", {"offset": 16, "length": 3}, "  " + " " * 16 + "^^^"),
        ("ada OR", {"offset": 6, "length": 0}, "  " + " " * 6 + "^"),
        ("東京 is:x", {"offset": 6, "length": 1}, "  " + " " * 8 + "^"),
        ("\x1b is:x", {"offset": 5, "length": 1}, "  " + " " * 8 + "^"),
    ],
)
def test_the_mark_stands_under_the_mistake(query: str, place: dict[str, int], mark: str) -> None:
    assert marked(query, place)[1] == mark


@pytest.mark.parametrize("place", [None, {}, {"offset": -1}, {"offset": 99, "length": 1}, {"offset": "1"}, [1]])
def test_a_place_that_is_none_brings_no_mark(place: object) -> None:
    assert marked("ada", place) == []


def test_what_stays_sealed_is_said_with_the_reason() -> None:
    reason = "the key 4f1c9a0b2d3e is not here"
    opened = {"fields": {"a": 1}, "locked": [{"name": "iban", "reason": reason, "key": "4f1c9a0b2d3e"}]}
    assert locked(opened) == [f"iban stays sealed: {reason}"]
    assert locked({"fields": {}}) == []


def test_an_address_that_is_sent_no_mail_is_said_in_words() -> None:
    one = {"address": "a…@example.org", "stops": "all", "form": None, "reason": "bounced", "at": "2026-11-30T12:00:00Z"}
    assert suppressed_words(one) == "a…@example.org is sent no mail since 2026-11-30 (bounced): this stays"
    digests = {**one, "stops": "digests", "form": "contact\x1b[2J"}
    assert suppressed_words(digests).startswith("a…@example.org is sent no digests of contact")
    assert "\x1b" not in suppressed_words(digests)


def test_a_preview_has_who_and_the_first_words() -> None:
    fields = {"topic": "A fault", "name": "Ada", "email": "ada@example.org", "n": 3, "consent": True}
    assert preview({"fields": fields}) == "Ada · ada@example.org · A fault"
    assert preview({"fields": {}}) == ""
    assert preview({"fields": None, "control": 7}) == ""
    assert len(preview({"fields": {"text": "x" * 10_000_000}})) <= 300
    assert [text(one) for one in (True, False, None, 1.5, ["a", 2], {"a": 1})] == [
        "yes",
        "no",
        "",
        "1.5",
        "a, 2",
        '{"a": 1}',
    ]


def workbook() -> bytes:
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w") as archive:
        archive.writestr("a.xml", "<a/>" * 1000)
    return made.getvalue()


WHOLE: dict[Format, tuple[bytes, int | None]] = {
    "csv": (b'name,text\r\nAda,"a ""b"",\r\n\n"\r\nBob,\r\n', 2),
    "ndjson": (b'{"id":1}\n{"id":2}\n{"complete":true,"rows":2}\n', 2),
    "json": (b'{"submissions":[\n{"id":1}\n],"complete":true,"rows":1}\n', 1),
    "xlsx": (workbook(), None),
}


@pytest.mark.parametrize("kind", WHOLE)
@pytest.mark.parametrize("size", [1, 7, 10_000])
def test_a_file_is_whole_with_its_end_alone(kind: Format, size: int) -> None:
    whole, rows = WHOLE[kind]
    arriving = Arriving(kind)
    for at in range(0, len(whole), size):
        assert kind == "csv" or not arriving.is_whole(), "before its end"
        arriving.add(whole[at : at + size])
    assert arriving.is_whole()
    assert arriving.rows == rows
    assert arriving.size == len(whole)


@pytest.mark.parametrize(
    ("kind", "broken"),
    [
        *(("csv", one) for one in (b"", b"a,b", b'a\r\n"x\r\n')),
        *(
            ("ndjson", one)
            for one in (b"", b'{"id":1}\n', b'{"complete":true,"rows":0}', b'{"complete":false,"rows":0}\n')
        ),
        *(("json", one) for one in (b"", b'{"submissions":[\n', b'{"submissions":[\n],"complete":true,"rows":0}')),
        *(("xlsx", one) for one in (b"", workbook()[:-30])),
    ],
)
def test_a_file_without_its_end_is_not_whole(kind: Format, broken: bytes) -> None:
    arriving = Arriving(kind)
    arriving.add(broken)
    assert not arriving.is_whole()


def interrupted_after(file: BinaryIO, part: bytes) -> None:
    file.write(part)
    raise KeyboardInterrupt


def test_a_file_is_there_whole_or_not_at_all(tmp_path: Path) -> None:
    path = tmp_path / "week.csv"
    with replaced(path) as file:
        file.write(b"first")
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    path.chmod(0o640)
    with pytest.raises(KeyboardInterrupt), replaced(path) as file:
        interrupted_after(file, b"half")
    assert path.read_bytes() == b"first"
    with replaced(path) as file:
        file.write(b"second")
    assert (path.read_bytes(), stat.S_IMODE(path.stat().st_mode)) == (b"second", 0o640)
    assert [one.name for one in tmp_path.iterdir()] == ["week.csv"]
    with pytest.raises(Wrong, match="cannot be written"), replaced(tmp_path / "none" / "week.csv"):
        pass


def test_what_is_no_file_is_never_replaced(tmp_path: Path) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    with pytest.raises(Wrong, match="is no file"), replaced(pipe) as file:
        file.write(b"all")
    assert pipe.is_fifo()
    assert [one.name for one in tmp_path.iterdir()] == ["pipe"]


@pytest.mark.parametrize("there", [True, False])
def test_a_link_goes_on_to_lead_to_the_file(tmp_path: Path, there: bool) -> None:
    path, link = tmp_path / "week.csv", tmp_path / "latest.csv"
    if there:
        path.write_bytes(b"first")
    link.symlink_to(path)
    with replaced(link) as file:
        file.write(b"second")
    assert (link.is_symlink(), path.read_bytes()) == (True, b"second")


def test_the_file_of_keys_is_json(tmp_path: Path) -> None:
    saved = Saved(tmp_path)
    saved.save(Places().with_one("main", Place("https://a.example", "cf_a"), usual=False))
    assert json.loads(saved.path.read_text())["usual"] == "main"
