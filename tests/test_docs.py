"""The documents say what the code does: commands, options, settings, operations, and no link leads nowhere."""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import fields
from pathlib import Path

import click
import pytest

from groupwall.accesslog import Entry
from groupwall.cli import main
from groupwall.commands.calls import Calls
from groupwall.commands.past import At
from groupwall.config import Quotas, Settings
from groupwall.ops.table import OPERATIONS
from tests.console import played
from tests.sources import ROOT

README = (ROOT / "README.md").read_text("utf-8")
OPERATIONS_PAGE = (ROOT / "docs" / "operations.md").read_text("utf-8")
FIRST_SCREEN = 40
PAGES = [
    *(ROOT / name for name in ("README.md", "CONTRIBUTING.md", "CHANGELOG.md")),
    *sorted((ROOT / "docs").rglob("*.md")),
    *sorted((ROOT / "changelog.d").glob("README.md")),
]


ONE_SECTION = (At, Calls)
"""Groups whose commands are verbs that are told of already, or the calls of EC2."""


def commands(command: click.Command, name: str) -> Iterator[tuple[str, click.Command]]:
    """Yield every command below a group with its whole name, such as ``groupwall keys create``."""
    if not isinstance(command, click.Group) or command.invoke_without_command or isinstance(command, ONE_SECTION):
        yield name, command
    if not isinstance(command, click.Group) or isinstance(command, ONE_SECTION):
        return
    context = click.Context(command)
    for each in command.list_commands(context):
        below = command.get_command(context, each)
        assert below is not None
        yield from commands(below, f"{name} {each}")


COMMANDS = dict(commands(main, "groupwall"))


def options(command: click.Command) -> list[click.Option]:
    """Return the options that a command shows."""
    return [one for one in command.params if isinstance(one, click.Option) and not one.hidden]


def section(page: str, heading: str) -> str:
    """Return what stands below a heading of the second level, empty when there is none."""
    text = (ROOT / page).read_text("utf-8")
    found = re.search(rf"^## `{re.escape(heading)}`\n(.*?)(?=^## |\Z)", text, re.MULTILINE | re.DOTALL)
    return found[1] if found else ""


def targets(page: Path) -> set[Path]:
    """Return the files that a page links to."""
    links = re.findall(r"\]\(([^)#\s]+)[^)]*\)", page.read_text("utf-8"))
    return {(page.parent / link).resolve() for link in links if "://" not in link}


def examples(page: str) -> list[str]:
    """Return the Python examples of a page."""
    return re.findall(r"^```python\n(.*?)^```$", (ROOT / page).read_text("utf-8"), re.MULTILINE | re.DOTALL)


@pytest.mark.parametrize("name", COMMANDS)
def test_commands_are_documented(name: str) -> None:
    """Every command has help, and a section of docs/commands.md that names each of its options (inferred)."""
    command, told = COMMANDS[name], section("docs/commands.md", name)
    assert command.help
    assert told, f"docs/commands.md has no section `{name}`"
    assert [one.opts for one in options(command) if f"`{one.opts[0]}" not in told] == []


@pytest.mark.parametrize("name", COMMANDS)
def test_options_have_help(name: str) -> None:
    """Every option of every command says what it does (inferred)."""
    assert [one.name for one in options(COMMANDS[name]) if not one.help] == []


def test_no_command_is_invented() -> None:
    """docs/commands.md describes no command that does not exist (inferred)."""
    described = re.findall(r"^## `(groupwall [^`]+)`", (ROOT / "docs/commands.md").read_text("utf-8"), re.MULTILINE)
    assert sorted(set(described) - COMMANDS.keys()) == []


@pytest.mark.parametrize(
    "name",
    [
        *(f"GROUPWALL_{field.name.upper()}" for field in fields(Settings)),
        *(f"GROUPWALL_QUOTA_{name.upper()}" for name in Quotas._fields),
    ],
)
def test_settings_are_documented(name: str) -> None:
    """Every setting has its line in docs/settings.md, under the variable that sets it (inferred)."""
    assert f"| `{name}` |" in (ROOT / "docs/settings.md").read_text("utf-8")


@pytest.mark.parametrize("member", Entry._fields)
def test_the_log_is_explained(member: str) -> None:
    """The operator's guide explains every member of a line of the log (inferred)."""
    assert re.search(rf"^\| .*`{member}`.* \| .+ \|$", (ROOT / "docs/guide-server.md").read_text("utf-8"), re.MULTILINE)


def test_operations_are_listed() -> None:
    """The README names every operation that can be called (inferred)."""
    assert [name for name in OPERATIONS if not re.search(rf"\b{name}\b", README)] == []


def test_the_page_of_operations_is_up_to_date() -> None:
    """docs/operations.md is what the code makes of itself: each operation with its parameters, filters, errors."""
    made = subprocess.run([sys.executable, "tools/make_operations.py", "--check"], cwd=ROOT, check=False)
    assert made.returncode == 0
    assert [name for name in OPERATIONS if f"\n### {name}\n" not in OPERATIONS_PAGE] == []


@pytest.mark.parametrize(
    "example",
    [
        *examples("README.md"),
        *examples("docs/history.md"),
        *examples("docs/expectations.md"),
        *examples("docs/story.md"),
        *examples("docs/applied.md"),
    ],
)
def test_examples_run(example: str) -> None:
    """Every Python example runs as it stands, pasted alone (inferred)."""
    exec(compile(example, "example", "exec"), {})  # noqa: S102 - the documents are ours


@pytest.mark.parametrize(
    "page", [page for page in PAGES if "```console" in page.read_text("utf-8")], ids=lambda page: page.name
)
def test_terminals_show_what_commands_print(page: Path) -> None:
    """Every command that a page shows in a terminal prints what stands below it (inferred)."""
    text = page.read_text("utf-8")
    assert played(text).splitlines() == text.splitlines(), f"python -m tests.console {page.relative_to(ROOT)}"


def test_the_first_examples_show_what_they_say(capsys: pytest.CaptureFixture[str]) -> None:
    """The README's examples print the rule, the revoked rule, and the permission that was not there (inferred)."""
    for example in examples("README.md"):
        exec(compile(example, "README.md", "exec"), {})  # noqa: S102 - the README is ours
    allowed, revoked, unknown = capsys.readouterr().out.splitlines()
    assert "'FromPort': 22" in allowed
    assert "'FromPort': 22" in revoked
    assert "'FromPort': 23" in unknown


@pytest.mark.parametrize("command", ["make demo", "make test"])
def test_the_first_screen_shows_how_to_begin(command: str) -> None:
    """The README shows how to see it work, and how to test it, on its first screen (inferred)."""
    assert command in "\n".join(README.splitlines()[:FIRST_SCREEN])


def test_the_first_screen_shows_what_a_command_prints() -> None:
    """The README's first screen shows a part of the terminal that it plays further down (inferred)."""
    first, played_below = (README.partition(f"```{kind}\n")[2].partition("```")[0] for kind in ("text", "console"))
    assert first.count("$ groupwall preview ") == 1
    assert first in played_below
    assert first in "\n".join(README.splitlines()[:FIRST_SCREEN])


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.relative_to(ROOT).as_posix())
def test_links_lead_somewhere(page: Path) -> None:
    """Every link to a file of the project finds it (inferred)."""
    assert sorted(str(path) for path in targets(page) if not path.exists()) == []


def test_every_page_is_linked() -> None:
    """Every page of docs/ is linked from another page (inferred)."""
    linked = {path for page in PAGES for path in targets(page) if path != page}
    assert [
        page.relative_to(ROOT).as_posix() for page in PAGES if page.name != "README.md" and page not in linked
    ] == []
    assert ROOT / "docs" / "README.md" in linked
