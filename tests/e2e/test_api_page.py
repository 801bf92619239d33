"""docs/api.md: every command and program on it does what it says, as it is written, against a whole installation."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest
import requests

from dev.broker import Broker
from support.installation import Installation
from support.pace import stretched_s
from support.polling import eventually
from support.service import ROOT, clean_environment, run
from support.smtp import ScriptedSmtp
from support.visitor import JSON

PAGE = (ROOT / "docs" / "api.md").read_text()
BLOCK = re.compile(r"^```(sh|python)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
ADDRESS = "http://127.0.0.1:8080"

MAKE_KEY = "make key NAME=reports SCOPES=read,write,export\n"
SET_KEY = "export API_KEY=cf_…\n"
INSTALL = "pip install ./tools/cli\n"
"""What a test does in another way, and says below why that is the same."""


@pytest.fixture(scope="module")
def smtp() -> Iterator[ScriptedSmtp]:
    with ScriptedSmtp() as server:
        yield server


@pytest.fixture(scope="module")
def installation(
    tmp_path_factory: pytest.TempPathFactory, rabbitmq: Broker, smtp: ScriptedSmtp
) -> Iterator[Installation]:
    place = tmp_path_factory.mktemp("api-page")
    smtp_url = f"smtp://127.0.0.1:{smtp.port}?starttls=never"
    with Installation(place, broker_url=rabbitmq.fresh_vhost(), smtp_url=smtp_url, consoles=1) as made:
        yield made


@dataclass
class Reader:
    """Somebody who goes through the page: a folder, a home, and what the shell has in its variables."""

    folder: Path
    installation: Installation
    variables: dict[str, str] = field(default_factory=dict)

    @property
    def environment(self) -> dict[str, str]:
        paths = f"{ROOT / '.venv' / 'bin'}:{os.environ['PATH']}"
        home = {"HOME": str(self.folder), "XDG_CONFIG_HOME": str(self.folder / "config"), "PATH": paths, "TZ": "UTC"}
        settings = {"COUNTERFOIL_DATABASE_URL": self.installation.database_urls["storage"]}
        return clean_environment() | home | settings | self.variables

    def do(self, kind: str, text: str) -> str:
        """Run a block and return what it says; raises where it fails."""
        text = text.replace(ADDRESS, self.installation.gateway_url)
        command = [sys.executable, "-c", text] if kind == "python" else ["bash", "-euo", "pipefail", "-c", text]
        done = subprocess.run(
            command, cwd=self.folder, env=self.environment, capture_output=True, text=True, timeout=stretched_s(120)
        )
        assert done.returncode == 0, f"{text}\n{done.stdout}\n{done.stderr}"
        return done.stdout


def part(title: str) -> str:
    """Return the text below a heading."""
    return PAGE.partition(f"\n## {title}\n")[2].partition("\n## ")[0]


def blocks(title: str) -> list[tuple[str, str]]:
    """Return the commands and programs below a heading, each with its language."""
    return [(found[1], found[2]) for found in BLOCK.finditer(part(title))]


@pytest.fixture(scope="module")
def reader(installation: Installation, tmp_path_factory: pytest.TempPathFactory) -> Reader:
    """Who has read *A key*, and has one."""
    reader = Reader(tmp_path_factory.mktemp("reader"), installation)
    _, (kind, add), (_, set_key) = blocks("A key")
    assert set_key == SET_KEY
    reader.variables["API_KEY"] = reader.do(kind, add).strip()
    assert reader.variables["API_KEY"].startswith("cf_")
    return reader


@pytest.fixture(scope="module")
def failed(installation: Installation, smtp: ScriptedSmtp, reader: Reader) -> list[str]:
    """Three submissions; the confirmations of two have failed."""
    smtp.answering("data", "554 5.7.1 we take no mail")
    accepted = [submit(installation, name) for name in ("ada", "bob")]
    eventually(lambda: count(reader, "q=is:failed") == 2, 60, "storage is told that two failed")
    del smtp.answers["data"]
    submit(installation, "eve")
    eventually(lambda: count(reader, "after=start") == 3, 60, "who polls sees all of them")
    return accepted


def count(reader: Reader, asked: str) -> int:
    """Return how many submissions a request finds."""
    headers = {"Authorization": f"Bearer {reader.variables['API_KEY']}"}
    answer = requests.get(f"{reader.installation.gateway_url}/v1/submissions?{asked}", headers=headers, timeout=10)
    return len(answer.json()["submissions"])


def submit(installation: Installation, name: str) -> str:
    fields = {"name": name.title(), "email": f"{name}@example.org"}
    answer = requests.post(f"{installation.gateway_url}/f/signup", json=fields, headers=JSON, timeout=10)
    assert answer.status_code == 202, answer.text
    return str(answer.json()["id"])


def test_make_key_runs_the_command_that_the_page_names() -> None:
    """`make run` is started by tests of its own; here is what its verb would do."""
    (kind, make), (_, add), _ = blocks("A key")
    assert (kind, make) == ("sh", MAKE_KEY)
    environment = {name: value for name, value in clean_environment().items() if "MAKE" not in name}
    shown = subprocess.run(
        ["make", "-n", *make.split()[1:]], cwd=ROOT, env=environment, capture_output=True, text=True, check=True
    )
    assert 'storage_service key add "reports"' in shown.stdout
    assert '--scopes "read,write,export"' in shown.stdout
    assert add.startswith("python -m storage_service key add ")


def test_all_that_failed_is_a_spreadsheet_three_times(reader: Reader, failed: list[str]) -> None:
    (_, curl), (_, python), (_, terminal), (_, again) = blocks("All that failed this week, as a spreadsheet")
    for kind, text in (("sh", curl), ("python", python), ("sh", terminal.replace(INSTALL, ""))):
        said = reader.do(kind, text)
        assert kind == "sh" or said == "2 rows\n"
        assert ids_in(reader.folder / "failed.xlsx") == set(failed)
        (reader.folder / "failed.xlsx").unlink()
    assert "failed.xlsx: 2 rows" in said
    assert INSTALL in terminal, "see test_cli_package"
    said = reader.do("sh", again)
    assert "bob@example.org" in said
    assert said.endswith("2 submissions sent again\n")


def ids_in(workbook: Path) -> set[str]:
    with zipfile.ZipFile(workbook) as archive:
        sheet = archive.read("xl/worksheets/sheet1.xml").decode()
    return set(re.findall(r"[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}", sheet))


OTHERS = ["Lists", "As it comes", "Working on them", "Addresses that are sent no mail"]


@pytest.mark.parametrize("title", [*OTHERS, "Accounts", "Errors", "The terminal"])
def test_what_else_is_on_it_does_what_it_says(reader: Reader, failed: list[str], title: str) -> None:
    assert blocks(title)
    if not (reader.folder / "config").exists():
        reader.do("sh", f'echo "$API_KEY" | counterfoil login {ADDRESS}')
    said = [reader.do(kind, text) for kind, text in blocks(title)]
    for text in SAYS[title](failed):
        assert text in "\n".join(said)


SAYS: dict[str, Callable[[list[str]], list[str]]] = {
    "Lists": lambda _: ['"next_cursor":"', '"count":{"n":', "ada@example.org", "eve@example.org"],
    "As it comes": lambda failed: [f"new: {one}" for one in failed],
    "Working on them": lambda _: ['"status":"open"', '"urgent"', "1 submission changed", '"jobs":['],
    "Addresses that are sent no mail": lambda _: ['"address":"e\\u2026@example.org"', '"by-hand"', '"next_cursor"'],
    "Accounts": lambda _: ['"email":"grace@example.org"', '"is_mailed":', "/console/invitation/"],
    "Errors": lambda _: ['"code":"QUERY"', '"place":{"offset":16,"length":3}'],
    "The terminal": lambda _: ["Commands:", "Ada · ada@example.org", "signup"],
}


def test_every_block_of_the_page_is_run() -> None:
    titles = ["A key", "All that failed this week, as a spreadsheet", "Erasing", *SAYS]
    run = sum(len(blocks(title)) for title in titles)
    assert run == len(re.findall(r"^```(?!json)\w+$", PAGE, re.MULTILINE))  # JSON is what an answer looks like


def test_who_polls_goes_on_where_they_were(reader: Reader, failed: list[str]) -> None:
    ((kind, text),) = blocks("As it comes")
    assert failed
    (reader.folder / "place").unlink(missing_ok=True)
    first = reader.do(kind, text).splitlines()
    assert len(first) == len(set(first)) == 3
    assert reader.do(kind, text) == ""


def test_what_is_on_it_of_erasing_erases(reader: Reader, failed: list[str]) -> None:
    """It comes after what counts them."""
    (_, add), (_, set_key), one, person, terminal = blocks("Erasing")
    assert set_key == SET_KEY.replace("API_KEY", "ERASE_KEY")
    reader.variables["ERASE_KEY"] = reader.do("sh", add).strip()
    assert reader.do(*one) == ""
    assert count(reader, "q=form:signup") == 2
    said = reader.do(*person)
    assert '"count":1,"complete":true' in said
    assert '"erased":null' in said
    assert zipfile.ZipFile(reader.folder / "ada.zip").namelist() == ["person.json", "person.html"]
    said = reader.do(*terminal)
    assert said.count("1 submission erased\n") == 2
    assert count(reader, "q=form:signup") == 0


def test_all_addresses_are_in_the_table_with_their_scopes(installation: Installation) -> None:
    document = requests.get(f"{installation.gateway_url}/v1/openapi.json", timeout=10).json()
    described = {
        (f"{method.upper()} {path}", operation.get("x-scope", "none"))
        for path, methods in document["paths"].items()
        for method, operation in methods.items()
        if path.startswith("/v1")
    }
    table = re.findall(r"^\| `([A-Z]+ /v1[^`]*)` \| `?(\w+)`? \|", part("All addresses"), re.MULTILINE)
    assert sorted(table) == sorted(described | {("GET /v1/openapi.json", "none")})


def test_its_table_of_exit_codes_is_the_programs() -> None:
    told = subprocess.run(["counterfoil", "--help"], env=path_of_ours(), capture_output=True, text=True, check=True)
    codes = re.findall(r"^    (\d+) ", told.stdout, re.MULTILINE)
    assert re.findall(r"^\| (\d+) \|", part("The terminal"), re.MULTILINE) == codes


def test_its_table_of_commands_is_the_programs() -> None:
    told = subprocess.run(["counterfoil", "--help"], env=path_of_ours(), capture_output=True, text=True, check=True)
    commands = re.findall(r"^  ([a-z-]+) ", told.stdout.partition("Commands:")[2], re.MULTILINE)
    table = part("The terminal").partition("| command |")[2].partition("\n\n")[0]
    named = re.findall(r"`([a-z-]+)[ `]", " ".join(row.split("|")[1] for row in table.splitlines()[2:]))
    assert sorted(named) == sorted(commands)


def path_of_ours() -> dict[str, str]:
    return clean_environment() | {"PATH": f"{ROOT / '.venv' / 'bin'}:{os.environ['PATH']}"}


def test_curl_is_there() -> None:
    assert shutil.which("curl"), "make test installs it"
    assert run("storage_service", "key", "--help", settings={}), "the command of the page"
