"""`counterfoil` and what is no good installation: redirects, certificates, outages, cut files, others' documents."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import signal
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from counterfoil_cli.commands.files import PART_BYTES
from dev.processes import free_port
from support.odd_api import Given, OddApi, a_page, a_problem
from support.pace import stretched_s
from support.polling import eventually
from support.terminal import Terminal

ONE_ID = "9b2f61c0-8c1e-4a5b-9d1b-2f6a3e9d4f10"
ONE = {
    "id": ONE_ID,
    "form": "contact",
    "accepted_at": "2026-11-22T17:59:30Z",
    "fields": {"name": "Ada", "topic": "\x1b]0;gone\x07"},
    "status": "new",
}
KEY = "cf_of-the-tests"
At = Callable[[OddApi], Terminal]


@pytest.fixture
def at(tmp_path: Path) -> At:
    return lambda api: Terminal(tmp_path, api.url, KEY)


@pytest.fixture
def good() -> Iterator[OddApi]:
    with OddApi(lambda _: a_page(ONE)) as api:
        yield api


def test_the_key_goes_nowhere_else(at: At, good: OddApi) -> None:
    with OddApi(lambda _: Given(status=308, headers={"Location": good.url + "/v1/submissions"})) as api:
        done = at(api).run("inbox", exit_code=3)
    assert good.asked == [], "it was followed"
    assert f"leads to {good.url}/v1/submissions" in done.stderr
    assert api.asked[0][1]["Authorization"] == f"Bearer {KEY}"


def test_a_netrc_does_not_take_the_keys_place_and_no_proxy_sees_it(at: At, good: OddApi, tmp_path: Path) -> None:
    (tmp_path / ".netrc").write_text("machine 127.0.0.1 login ada password secret\n")
    (tmp_path / ".netrc").chmod(0o600)
    proxied = {"http_proxy": f"http://127.0.0.1:{free_port()}"}
    Terminal(tmp_path, good.url, KEY, proxied).run("inbox")
    assert [headers["Authorization"] for _, headers in good.asked] == [f"Bearer {KEY}"]


def test_a_certificate_that_is_not_known_is_said(at: At) -> None:
    with OddApi(lambda _: a_page(ONE), tls=True) as api:
        done = at(api).run("inbox", exit_code=3)
    assert "certificate that is not accepted here: " in done.stderr
    assert "self-signed certificate" in done.stderr.replace("self signed", "self-signed")
    assert "REQUESTS_CA_BUNDLE" in done.stderr
    assert "HTTPSConnection" not in done.stderr
    assert api.asked == []


@pytest.mark.parametrize(("host", "reason"), [("127.0.0.1", "Connection refused"), ("no.such.host.invalid", "")])
def test_who_cannot_be_reached_is_said_in_one_line(tmp_path: Path, host: str, reason: str) -> None:
    terminal = Terminal(tmp_path, f"https://{host}:{free_port()}", KEY)
    said = terminal.run("forms", exit_code=3).stderr
    assert "cannot be reached: " in said
    assert reason in said
    assert said.count("\n") == 1
    assert "object at 0x" not in said
    assert "urllib3" not in said


@pytest.mark.parametrize("body", [b"<html>\x1b[31mhello", b"[]", b'"a"', b"\xff\xfe", b""])
def test_another_servers_answer_is_no_installations(at: At, body: bytes) -> None:
    with OddApi(lambda _: Given(body)) as api:
        said = at(api).run("inbox", exit_code=1).stderr
    assert "no Counterfoil" in said
    assert "\x1b" not in said


def test_a_page_that_is_not_there_is_said(at: At) -> None:
    with OddApi(lambda _: Given(b"<h1>404</h1>", 404)) as api:
        assert "is the address right?" in at(api).run("show", ONE["id"], exit_code=1).stderr  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("status", "exit_code"), [(400, 2), (401, 4), (403, 4), (404, 1), (409, 1), (422, 1), (500, 1), (502, 3)]
)
def test_a_refusal_is_one_harmless_line_and_an_exit_code(at: At, status: int, exit_code: int) -> None:
    with OddApi(lambda _: a_problem(status, "It is\nno \x1b]0;x\x07good.")) as api:
        said = at(api).run("inbox", exit_code=exit_code).stderr
    assert said.count("\n") == 1
    assert "\x1b" not in said
    assert status == 401 or "It is no \\x1b]0;x\\x07good." in said


def test_a_busy_installation_is_asked_again(at: At) -> None:
    answers = iter([a_problem(503, "Busy."), a_problem(429, "Busy."), a_page(ONE)])

    def answer(_: str) -> Given:
        given = next(answers)
        return Given(given.body, given.status, {**given.headers, "Retry-After": "1"})

    with OddApi(answer) as api:
        assert "Ada" in at(api).run("inbox").stdout
    assert len(api.asked) == 3


def test_tail_survives_an_outage_and_shows_all_once(tmp_path: Path) -> None:
    port = free_port()
    seen = {"now": ("a", [ONE]), "a": ("b", [{**ONE, "id": "second"}]), "b": ("b", [])}

    def answer(path: str) -> Given:
        place = path.partition("after=")[2].partition("&")[0]
        cursor, found = seen[place]
        return a_page(*found, cursor=cursor, is_last=place != "now")

    terminal = Terminal(tmp_path, f"http://127.0.0.1:{port}", KEY)
    out, err = tmp_path / "out", tmp_path / "err"
    with OddApi(lambda path: answer(path) if "now" in path else a_page(cursor="a"), port=port):
        with out.open("wb") as said, err.open("wb") as complained:
            tailing = terminal.start("tail", "--json", "--every", "0.5", stdout=said, stderr=complained)
        eventually(lambda: len(out.read_text().splitlines()) == 1, 30, "the first is shown")
    eventually(lambda: "waiting for it" in err.read_text(), 30, "it says that nobody answers")
    with OddApi(answer, port=port):
        eventually(lambda: len(out.read_text().splitlines()) == 2, 40, f"the second is shown; {err.read_text()}")
    tailing.send_signal(signal.SIGINT)
    assert tailing.wait(20) == 130
    assert [json.loads(one)["id"] for one in out.read_text().splitlines()] == [ONE["id"], "second"]
    assert "it answers again" in err.read_text()
    assert err.read_text().count("waiting for it") <= 2, "an outage is said once"
    assert "Traceback" not in err.read_text()


def test_tail_ends_at_once_where_the_key_is_wrong(at: At) -> None:
    with OddApi(lambda _: a_problem(401, "No.")) as api:
        at(api).run("tail", exit_code=4)


CSV = b"id,name\r\n1,Ada\r\n"


@pytest.mark.parametrize(
    "broken",
    [
        Given(CSV, is_sized=False, cut=True),
        Given(CSV, cut=True),
        Given(b'id,name\r\n1,"Ada\r\n', is_sized=False),
        Given(b"id,name\r\n1,A", is_sized=False),
    ],
)
def test_a_broken_export_is_said_and_leaves_what_was_there(at: At, tmp_path: Path, broken: Given) -> None:
    target = tmp_path / "week.csv"
    target.write_bytes(b"last week")
    with OddApi(lambda _: broken) as api:
        done = at(api).run("export", "--to", "week.csv", exit_code=5)
    assert "ask again" in done.stderr
    assert target.read_bytes() == b"last week"
    assert [one.name for one in tmp_path.glob("*week*")] + [*tmp_path.glob(".week*")] == ["week.csv"]


def test_a_file_that_breaks_off_goes_on_where_it_was(at: At, tmp_path: Path) -> None:
    content = bytes(range(256)) * 2000
    one = a_told_file(1, content)
    halves = [Given(content[: PART_BYTES + 1000], cut=True), Given(content[PART_BYTES:], 206)]
    with OddApi(lambda path: halves.pop(0) if path == one["url"] else with_files(one)) as api:
        at(api).run("files", ONE_ID, "--to", "here")
    assert (tmp_path / "here" / "1.txt").read_bytes() == content
    assert [headers.get("Range") for path, headers in api.asked if path == one["url"]] == [None, f"bytes={PART_BYTES}-"]


@pytest.mark.parametrize(
    ("answer", "code"), [(Given(b"not this one"), 5), (a_problem(403, "No."), 4)], ids=["other bytes", "not allowed"]
)
def test_a_file_that_does_not_come_keeps_no_other_back(at: At, tmp_path: Path, answer: Given, code: int) -> None:
    bad, good = a_told_file(1, b"but this one"), a_told_file(2, b"good")
    answers = {bad["url"]: answer, good["url"]: Given(b"good")}
    with OddApi(lambda path: answers.get(path) or with_files(bad, good)) as api:
        at(api).run("files", ONE_ID, "--to", "here", exit_code=code)
    assert [one.name for one in (tmp_path / "here").iterdir()] == ["2.txt"]


def a_told_file(number: int, content: bytes) -> dict[str, Any]:
    """Return what a submission says of a file."""
    sha256, url = hashlib.sha256(content).hexdigest(), f"/v1/files/{number}"
    return {"number": number, "name": f"{number}.txt", "size": len(content), "sha256": sha256, "url": url}


def with_files(*files: dict[str, Any]) -> Given:
    return Given(json.dumps({**ONE, "files": files}).encode())


@pytest.mark.parametrize("said", [["9B2F61C0-8C1E-4A5B-9D1B-2F6A3E9D4F10"], ["3E9D4F10"]])
def test_an_id_that_is_said_twice_is_one(at: At, said: list[str]) -> None:
    def answer(path: str) -> Given:
        return a_page(ONE) if path.startswith("/v1/submissions?") else Given(b'{"count": 0}')

    with OddApi(answer) as api:
        assert "1 of these ids" in at(api).run("done", ONE_ID, *said, exit_code=1).stderr


def test_a_whole_export_is_there_and_a_difference_is_said(at: At, tmp_path: Path) -> None:
    with OddApi(lambda _: Given(CSV, headers={"X-Rows-Expected": "2"}, is_sized=False)) as api:
        done = at(api).run("export", "--to", "week.csv", "is:failed", "last:7d")
    assert (tmp_path / "week.csv").read_bytes() == CSV
    assert done.stdout == "week.csv: 1 row\n"
    assert "2 rows were expected" in done.stderr
    assert "q=is%3Afailed+last%3A7d" in api.asked[0][0]


def test_an_export_interrupted_leaves_nothing(at: At, tmp_path: Path) -> None:
    with OddApi(lambda _: Given(CSV, is_sized=False, stalls=True)) as api:
        running = at(api).start("export", "--to", "week.csv")
        eventually(lambda: api.asked, 30, "it has asked")
        eventually(lambda: [*tmp_path.glob(".week.csv*.part")], 30, "a file is begun")
        running.send_signal(signal.SIGINT)
        assert running.wait(20) == 130
    assert [*tmp_path.glob("*week*"), *tmp_path.glob(".week*")] == []


def test_who_has_read_enough_is_not_complained_to(at: At) -> None:
    pages = iter([a_page(*[ONE] * 200, cursor="a", is_last=False)] * 50)
    with OddApi(lambda _: next(pages)) as api:
        reading, writing = os.pipe()
        listing = at(api).start("inbox", "--all", "--json", stdout=writing)
        os.close(writing)
        os.read(reading, 100)
        os.close(reading)
        _, complained = listing.communicate(timeout=stretched_s(30))
    assert (listing.returncode, complained) == (0, b"")


def test_on_a_terminal_it_has_its_width_colours_and_nothing_of_a_strangers(at: At) -> None:
    with OddApi(lambda _: a_page({**ONE, "fields": {"name": "Ada", "text": "long " * 100}})) as api:
        code, shown = at(api).on_terminal("inbox", columns=80)
        plain = Terminal(at(api).home, api.url, KEY, {"NO_COLOR": "1"}).on_terminal("inbox", columns=80)[1]
    assert code == 0
    assert b"\x1b[1m" in shown, "titles are bold"
    assert b"\x1b[3" not in plain
    lines = plain.decode().replace("\x1b[1m", "").replace("\x1b[0m", "").splitlines()
    assert all(len(line.rstrip()) <= 80 for line in lines), lines
    assert len(lines) == 2
    with OddApi(lambda _: a_page(ONE)) as api:
        shown = at(api).on_terminal("inbox", columns=200)[1]
    assert b"\x1b]" not in shown
    assert b"\\x1b]0;gone\\x07" in shown


def test_an_export_does_not_go_to_a_terminal(at: At, good: OddApi) -> None:
    code, shown = at(good).on_terminal("export")
    assert code == 2
    assert b"--to FILE" in shown
    assert good.asked == []


def test_login_asks_tries_and_keeps_the_key_unseen(at: At, good: OddApi, tmp_path: Path) -> None:
    terminal = Terminal(tmp_path)
    code, shown = terminal.on_terminal("login", typed=f"{good.url}\n{KEY}\n".encode(), columns=300)
    assert code == 0, shown
    assert KEY.encode() not in shown
    kept = tmp_path / "config" / "counterfoil" / "installations.json"
    assert kept.stat().st_mode & 0o777 == 0o600
    assert "Ada" in terminal.run("inbox").stdout
    assert good.asked[-1][1]["Authorization"] == f"Bearer {KEY}"


def test_login_takes_the_key_from_standard_input_and_keeps_no_wrong_one(good: OddApi, tmp_path: Path) -> None:
    terminal = Terminal(tmp_path)
    with OddApi(lambda _: a_problem(401, "No.")) as other:
        said = terminal.run("login", other.url, said=f"{KEY}\n", exit_code=4)
        assert "nothing is kept" in said.stderr
    assert not (tmp_path / "config").exists()
    terminal.run("login", good.url, said=f"{KEY}\n")
    terminal.run("login", "--name", "test", good.url, said="cf_other\n")
    assert terminal.run("installations").stdout.splitlines()[1].split() == ["main", good.url, "usual"]
    terminal.run("inbox", "-i", "test")
    assert good.asked[-1][1]["Authorization"] == "Bearer cf_other"
    terminal.run("logout", "main")
    terminal.run("inbox")
    assert good.asked[-1][1]["Authorization"] == "Bearer cf_other"
    assert KEY not in (tmp_path / "config" / "counterfoil" / "installations.json").read_text()


def test_a_mistake_of_a_query_is_marked(at: At) -> None:
    title = "The query is wrong at character 17: expected one of new, open, done."
    refusal = a_problem(400, title, errors=[{"code": "QUERY"}], place={"offset": 16, "length": 3})
    with OddApi(lambda _: refusal) as api:
        said = at(api).run("inbox", "form:contact", "is:nwe", exit_code=2).stderr.splitlines()
    assert said == [f"counterfoil: {title}", "  form:contact is:nwe", f"  {' ' * 16}^^^"]


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_completion_is_taken_by_the_shell(tmp_path: Path, shell: str) -> None:
    script = Terminal(tmp_path).run("completion", shell).stdout
    assert "_COUNTERFOIL_COMPLETE" in script
    if shutil.which(shell):
        subprocess.run([shell, "-n"], input=script.encode(), check=True, timeout=stretched_s(20))


def test_completion_knows_commands_options_and_installations(good: OddApi, tmp_path: Path) -> None:
    Terminal(tmp_path).run("login", "--name", "production", good.url, said=KEY)

    def completed(line: str, word: int) -> str:
        more = {"_COUNTERFOIL_COMPLETE": "bash_complete", "COMP_WORDS": line, "COMP_CWORD": str(word)}
        return Terminal(tmp_path, more=more).run().stdout

    assert completed("counterfoil ex", 1) == "plain,export\n"
    assert "plain,--exact" in completed("counterfoil inbox --e", 2)
    assert completed("counterfoil inbox -i p", 3) == "plain,production\n"
