"""The verbs that are operations, from the words of a command line to what is printed, at a server that answers."""

from __future__ import annotations

import json
import re
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from groupwall.cli import COMMANDS, main
from groupwall.commands.building import Verb, command, documentation
from groupwall.commands.verbs import VERBS, VerbAndMore
from groupwall.config import DEFAULT_ACCOUNT
from groupwall.remote import Client
from groupwall.wire.sigv4 import Credentials
from tests import programs
from tests.programs import make_key
from tests.serving import PATIENCE, serving, started

HOSTILE = "[red]x[/red] :smile: [/]"


@pytest.fixture(scope="module")
def server() -> Iterator[str]:
    """A server with the history of one group of a hostile name."""
    with serving("--data", ":memory:", "--log", "off") as url:
        with Client(url, Credentials(DEFAULT_ACCOUNT, "any"), "us-east-1") as client:
            made = client.call("CreateSecurityGroup", {"GroupName": HOSTILE, "Description": "d"})
            rule = {"IpProtocol": "tcp", "FromPort": 22, "ToPort": 22, "IpRanges": [{"CidrIp": "10.0.0.0/8"}]}
            client.call("AuthorizeSecurityGroupIngress", {"GroupId": made["GroupId"], "IpPermissions": [rule]})
        yield url


pytestmark = pytest.mark.usefixtures("alone")


def run(*words: str) -> Result:
    """Run ``groupwall`` with these words, in this process."""
    return CliRunner().invoke(main, words)


def test_history_in_a_process_of_its_own(server: str) -> None:
    """``groupwall history`` prints every change, a line each, and what it touched below (inferred)."""
    ended = programs.command("history", "--endpoint", server)
    assert (ended.code, ended.err) == (0, "")
    lines = ended.out.splitlines()
    assert lines[0].split() == ["REVISION", "TIME", "CALLER", "OPERATION"]
    assert [line.split()[2:] for line in lines if re.match(r" +[0-9]", line)] == [
        ["root", "BeginWorld"],
        ["root", "CreateSecurityGroup"],
        ["root", "AuthorizeSecurityGroupIngress"],
    ]
    assert re.search(rf"^ +\+ security-group sg-[0-9a-f]+  {re.escape(HOSTILE)}$", ended.out, re.MULTILINE)
    assert re.search(r"^ +\+ security-group-rule sgr-[0-9a-f]+  tcp 22 from 10\.0\.0\.0/8, of sg-[0-9a-f]+$", lines[-1])


def test_history_in_json(server: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """With ``--json`` the result is whole; the address may come from a variable (inferred)."""
    monkeypatch.setenv("AWS_ENDPOINT_URL_EC2", server)
    told = json.loads(run("history", "--json", "--after", "2").output)
    assert [change["Revision"] for change in told["Changes"]] == [3]
    assert told["Revision"] >= 3  # other tests ask this server too
    assert re.fullmatch(r"[0-9-]{10}T[0-9:]{8}\.[0-9]{3}Z", told["Changes"][0]["Time"])
    assert set(told["Changes"][0]) == {
        "Revision", "Time", "AccountId", "Region", "Caller", "Operation", "RequestId", "Request", "Hash",
        "PreviousHash", "Deltas",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("words", "revisions"),
    [
        (("--operation", "Auth*", "--operation", "BeginWorld"), [1, 3]),
        (("--operation", "Auth*", "--caller", "nobody"), []),
        (("--filters", "Name=operation,Values=Create*,Begin*"), [1, 2]),
        (("--filters", '[{"Name": "operation", "Values": ["Create*"]}]', "--caller", "*root"), [2]),
        (("--max-items", "2"), [1, 2]),
        (("--region", "eu-west-1"), []),
    ],
)
def test_what_history_is_asked(server: str, words: tuple[str, ...], revisions: list[int]) -> None:
    """Filters have options of their own beside the general one, and lists end where they are told to (inferred)."""
    result = run("history", "--endpoint", server, "--json", *words)
    assert [change["Revision"] for change in json.loads(result.stdout)["Changes"]] == revisions
    assert result.stderr == ("Shown: 2; there are more.\n" if "--max-items" in words else "")


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("--filters", "Nme=x"), "Error: The parameter Filters.member.1.Nme is not recognized"),
        (("--filters", "x"), "Invalid value for '--filters': 'x' is neither JSON nor shorthand"),
        (("--after", "x"), "Invalid value for '--after'"),
        (("--endpoint", "127.0.0.1"), "Error: the endpoint is no address"),
        (("--region", "Mars"), "Error: 'Mars' is the name of no region"),
        (("--profile", "none"), "Error: there is no profile 'none'"),
        (("now",), "No such command 'now'"),
    ],
)
def test_wrong_usage(words: tuple[str, ...], told: str) -> None:
    """What cannot be meant is wrong usage, exit code 2, before a server is asked (inferred)."""
    result = run("history", *words)
    assert (result.exit_code, result.stdout) == (2, "")
    assert told in result.stderr


def test_refusals(server: str) -> None:
    """What the server refuses is told by its code and text, exit code 1 (inferred)."""
    result = run("history", "--endpoint", server, "--filters", "Name=no,Values=x")
    assert (result.exit_code, result.stdout) == (1, "")
    assert result.stderr == "InvalidParameterValue: The filter 'no' is invalid\n"


def test_nobody_answers() -> None:
    """Where no server answers one line says how to start one, exit code 1 (inferred)."""
    with socket.create_server(("127.0.0.1", 0)) as unused:
        port = unused.getsockname()[1]
    ended = programs.command("history", "--endpoint", f"http://127.0.0.1:{port}")
    assert (ended.code, ended.out) == (1, "")
    where = f"no groupwall answers at http://127.0.0.1:{port}"
    assert ended.err == f"NoAnswer: {where}: start `groupwall serve`, or name another with --endpoint\n"


def test_a_server_that_verifies(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Keys come from AWS's variables and files; another secret is refused, and none is ever told (inferred)."""
    key = make_key(tmp_path)
    (tmp_path / "keys").write_text(
        f"[known]\naws_access_key_id={key.access_key_id}\naws_secret_access_key={key.secret}\n"
        f"[wrong]\naws_access_key_id={key.access_key_id}\naws_secret_access_key=geheim\n",
        "utf-8",
    )
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(tmp_path / "keys"))
    with started("--auth", "signed", "--data", str(tmp_path), "--log", "off") as server:
        words = ("history", "--endpoint", server.url)
        known, wrong, nobody = run(*words, "--profile", "known"), run(*words, "--profile", "wrong"), run(*words)
    assert (known.exit_code, known.output) == (0, "no changes\n")
    assert (wrong.exit_code, nobody.exit_code) == (1, 1)
    assert wrong.stderr.startswith("SignatureDoesNotMatch: ")
    assert nobody.stderr.startswith("InvalidClientTokenId: ")
    assert not re.search(rf"geheim|{re.escape(key.secret)}", wrong.output + nobody.output + known.output)


def test_the_table_is_the_command_line() -> None:
    """Every verb of the table can be asked for by its first word, and each such word leads to one (inferred)."""
    built = {word for word, where in COMMANDS.items() if where.startswith("groupwall.commands.verbs:")}
    assert {row.path.split(" ")[0] for row in VERBS} == built
    assert len({row.path for row in VERBS}) == len(VERBS)


@pytest.mark.parametrize("row", VERBS, ids=lambda row: row.path)
def test_rows_name_what_there_is(row: Verb) -> None:
    """A row's members are those of its operation, and the operation is in the model (inferred)."""
    members = row.action.input.members
    assert {*row.arguments, *row.renamed} <= members.keys()
    assert "Filters" in members or not row.filters
    assert documentation(row.operation)[1].keys() == members.keys()


def test_a_bad_result_has_its_exit_code(server: str) -> None:
    """A result that is not a good one is printed, and ends with exit code 1 (inferred)."""
    row = Verb("told", "DescribeChanges", lambda _: "told", ok=lambda result: result["Revision"] == 0)
    result = CliRunner().invoke(command(row), ["--endpoint", server])
    assert (result.exit_code, result.output) == (1, "told\n")


def test_verbs_with_verbs_below(server: str) -> None:
    """A verb may have verbs below it; then its own options do not stand before them (inferred)."""
    own = Verb("told", "DescribeChanges", lambda result: str(len(result["Changes"])))
    below = Verb("told more", "DescribeChanges", lambda _: "more", arguments=("After",))
    group = VerbAndMore(own, [command(below)])
    asked = ["--endpoint", server]
    assert CliRunner().invoke(group, asked).output == "3\n"
    assert CliRunner().invoke(group, ["more", "0", *asked]).output == "more\n"
    wrong = CliRunner().invoke(group, [*asked, "more"])
    assert (wrong.exit_code, "options stand after `more`" in wrong.stderr) == (2, True)


@pytest.mark.parametrize("caller", ["root", "ro*", "arn:aws:iam::123456789012:root"])
def test_callers_as_they_are_shown(server: str, caller: str) -> None:
    """A caller is asked for as the history shows it, or by its ARN (inferred)."""
    assert run("history", "--caller", caller, "--endpoint", server).stdout.startswith("REVISION")
    assert run("history", "--caller", "user/root", "--endpoint", server).stdout == "no changes\n"


def test_words_of_a_list(server: str) -> None:
    """An option for a list takes all words up to the next option, as the AWS CLI's do (inferred)."""
    told = run("findings", "--kinds", "stale", "unused", "--endpoint", server, "--json")
    again = run("findings", "--kinds", "stale", "--kinds", "unused", "--endpoint", server, "--json")
    assert (told.exit_code, told.stdout) == (0, again.stdout)
    assert {one["Kind"] for one in json.loads(told.stdout)["Findings"]} == {"unused"}


WHAT_WAS = ["explain", "reach", "findings", "unused", "expect check"]


def test_at_a_revision(server: str) -> None:
    """``groupwall at WHEN`` asks what the verb asks with the options that say when (inferred)."""
    then, now = (run("at", when, "unused", "--endpoint", server, "--json") for when in ("1", "2"))
    assert [[one["GroupName"] for one in json.loads(told.stdout)["Groups"]] for told in (then, now)] == [[], [HOSTILE]]
    assert json.loads(then.stdout)["Revision"] == 1
    assert run("unused", "--endpoint", server, "--json", "--at-revision", "1").stdout == then.stdout
    assert run("at", "1", "unused", "--endpoint", server).output == "every group is used\n"


@pytest.mark.parametrize("when", ["0s", "2999-01-01", "2999-01-01T00:00:00Z"])
def test_at_a_time(server: str, when: str) -> None:
    """WHEN may be a time, or how long ago it is; what is to come is as it is now (inferred)."""
    told, now = run("at", when, "findings", "--endpoint", server), run("findings", "--endpoint", server)
    assert (told.exit_code, told.stdout) == (0, now.stdout)
    assert told.stdout.startswith("unused: sgr-")


def test_at_a_time_before_all(server: str) -> None:
    """At a time before the first change all is as the world began (inferred)."""
    told, begun = (run("at", when, "findings", "--endpoint", server) for when in ("3650d", "1"))
    assert (told.exit_code, told.stdout) == (0, begun.stdout)


@pytest.mark.parametrize("word", WHAT_WAS)
def test_verbs_of_the_past(word: str) -> None:
    """Each verb that can be asked about the past is there, without the options that say when (inferred)."""
    told = run("at", "1", *word.split(), "--help").output
    assert "--endpoint" in told
    assert "--at" not in told
    assert word.split(maxsplit=1)[0] in run("at", "--help").output


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("at", "soon", "findings"), "'soon' is no time"),
        (("at", "99999999999999999999", "findings"), "AtRevision"),
        (("at", "1", "apply"), "No such command 'apply'"),
        (("at", "1", "findings", "--at", "2h"), "No such option"),
        (("explain", "--to", "anywhere"), "Missing option '--from'"),
    ],
)
def test_wrong_questions(words: tuple[str, ...], told: str) -> None:
    """A question that no server would take is wrong usage (inferred)."""
    result = run(*words)
    assert (result.exit_code, result.stdout) == (2, "")
    assert told in result.stderr


def test_a_plan_is_applied(server: str, tmp_path: Path) -> None:
    """What ``why-not-delete`` and ``cut`` print as JSON is what ``apply`` takes (inferred)."""
    where = ("--endpoint", server, "--region", "eu-central-1")
    made = run("apply", *where, "--json", "create-security-group", "--group-name", "x", "--description", "x")
    group_id = json.loads(json.loads(made.stdout)["Results"][0]["Result"])["GroupId"]
    plan = run("why-not-delete", group_id, *where, "--json")
    (tmp_path / "plan.json").write_text(plan.stdout, "utf-8")
    done = run("apply", *where, "--calls", f"file://{tmp_path / 'plan.json'}")
    assert (done.exit_code, "DeleteSecurityGroup" in done.stdout) == (0, True)
    assert run("why-not-delete", group_id, *where).stderr.startswith("InvalidGroup.NotFound: ")


def test_words_that_are_no_verb() -> None:
    """A command that is not there is wrong usage (inferred)."""
    assert run("histroy").exit_code == 2


def test_help() -> None:
    """Help of a verb tells what the model tells of its operation, and of each argument (inferred)."""
    row = Verb("told more", "DescribeChanges", lambda _: "", arguments=("After",))
    told = CliRunner().invoke(command(row), ["--help"]).output
    assert "Lists accepted changes, oldest first." in told
    assert "AFTER: Only changes with a greater revision are listed." in told


def test_a_server_starts_without_a_client() -> None:
    """``groupwall serve`` loads neither the client nor what draws on a terminal (inferred)."""
    code = "import sys, groupwall.cli, groupwall.commands.serve; print(*sys.modules)"
    ran = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True, timeout=PATIENCE)  # noqa: S603
    assert not {"groupwall.remote", "groupwall.commands.verbs", "rich.console"} & set(ran.stdout.split())
