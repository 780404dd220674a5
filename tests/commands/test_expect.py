"""``groupwall expect`` from a file to a server; docs/expectations.md shows it in a terminal [inferred]."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from groupwall.cli import main
from groupwall.config import DEFAULT_ACCOUNT
from groupwall.remote import Client
from groupwall.wire.sigv4 import Credentials
from tests.serving import serving

FILE = "- name: office\n  from: 198.51.100.7\n  to: {group: 'w*b'}\n  port: 443\n"


@pytest.fixture(scope="module")
def server() -> Iterator[tuple[str, str]]:
    """A server, and the id of a group named ``w*b`` with a member; two VPCs have a group ``twin``, one ``web``."""
    with serving("--data", ":memory:", "--log", "off") as url:
        with Client(url, Credentials(DEFAULT_ACCOUNT, "any"), "us-east-1") as client:
            subnet = client.call("DescribeSubnets", {})["Subnets"][0]["SubnetId"]
            other = client.call("CreateVpc", {"CidrBlock": "10.9.0.0/16"})["Vpc"]["VpcId"]
            made = [
                client.call("CreateSecurityGroup", {"GroupName": name, "Description": "d", **vpc})["GroupId"]
                for name, vpc in (("w*b", {}), ("web", {}), ("twin", {}), ("twin", {"VpcId": other}))
            ]
            client.call("CreateNetworkInterface", {"SubnetId": subnet, "Groups": made[:1]})
        yield url, made[0]


pytestmark = pytest.mark.usefixtures("alone")


def run(server: tuple[str, str], *words: str, text: str = "") -> Result:
    """Run ``groupwall expect`` with these words and this on standard input, in this process."""
    return CliRunner().invoke(main, ["expect", *words, "--endpoint", server[0]], input=text)


def test_put_check_list_delete(server: tuple[str, str], tmp_path: Path) -> None:
    """A file is kept with the ids of its groups; the exit code of a check is 1 when one is broken (inferred)."""
    file = tmp_path / "expected.yaml"
    file.write_text(FILE, "utf-8")
    refused = run(server, "put", str(file))
    assert (refused.exit_code, refused.stderr.partition(":")[0]) == (1, "ExpectationBroken")
    told = json.loads(run(server, "put", str(file), "--allow-broken", "--json").stdout)
    assert [(one["Name"], one["To"], one["State"]) for one in told["Expectations"]] == [("office", server[1], "broken")]
    checked = run(server, "check", "office")
    assert checked.exit_code == 1
    assert checked.stdout.splitlines()[1].split()[:2] == ["broken", "office"]
    assert "office: no ingress rule" in checked.stdout
    assert "office" in run(server, "list").stdout
    deleted = run(server, "delete", "office")
    assert (deleted.exit_code, deleted.stdout) == (0, "office is expected no more\n")
    assert run(server, "list").stdout == "nothing is expected\n"
    assert run(server, "check").exit_code == 0
    assert run(server, "delete", "office").exit_code == 1


def test_a_file_that_expects_nothing(server: tuple[str, str]) -> None:
    """With ``--replace`` it forgets all; alone it is refused, since it would do nothing (inferred)."""
    assert run(server, "put", "-", "--allow-broken", text=FILE).exit_code == 0
    assert run(server, "put", "-", text="").stderr.startswith("MissingParameter: ")
    emptied = run(server, "put", "-", "--replace", text="")
    assert (emptied.exit_code, emptied.stdout) == (0, "nothing is expected\n")
    assert run(server, "list").stdout == "nothing is expected\n"


def test_a_file_can_be_checked_without_being_kept(server: tuple[str, str]) -> None:
    """``check --file`` tells of what a file expects, and keeps nothing (inferred)."""
    denied = run(server, "check", "--file", "-", text=f"{FILE}  verdict: deny\n")
    assert (denied.exit_code, denied.stdout.splitlines()[1].split()[0]) == (0, "holds")
    assert run(server, "check", "--file", "-", text=FILE).exit_code == 1
    assert run(server, "list").stdout == "nothing is expected\n"


def test_what_is_expected_of_the_past(server: tuple[str, str]) -> None:
    """``groupwall at WHEN expect check`` holds what is expected now, or in a file, against then (inferred)."""
    then = CliRunner().invoke(main, ["at", "1", "expect", "check", "--endpoint", server[0]])
    assert (then.exit_code, then.stdout) == (0, "nothing is expected\n")
    words = ["at", "1", "expect", "check", "--file", "-", "--json", "--endpoint", server[0]]
    told = json.loads(CliRunner().invoke(main, words, input=FILE).stdout)
    assert (told["Revision"], [one["State"] for one in told["Expectations"]]) == (1, ["empty"])
    alone = CliRunner().invoke(main, ["at", "1", "expect", "put", "-"])
    assert (alone.exit_code, "No such command 'put'" in alone.stderr) == (2, True)


@pytest.mark.parametrize(
    ("text", "code", "told"),
    [
        ('- "na\\e[2J\\u202Eme": x\n', 2, r"has no `na\x1b[2J\u202eme`"),
        ("- name: a\n", 2, "standard input, line 1: an expectation needs `from`"),
        (FILE.replace("'w*b'", "twin"), 2, "standard input, line 3: vpc-"),
        (FILE.replace("'w*b'", "none"), 1, "InvalidGroup.NotFound: standard input, line 3: no security group is"),
        (FILE.replace("'w*b'", "web, vpc: vpc-1"), 1, "line 3: no security group in vpc-1 is called 'web'"),
        (FILE.replace("198.51.100.7", "nowhere"), 1, "InvalidParameterValue: Value (nowhere)"),
        ("\xff", 2, "line 1: a list of expectations is wanted"),
    ],
)
def test_what_is_refused(server: tuple[str, str], text: str, code: int, told: str) -> None:
    """A file that cannot be read is wrong usage, with the line; what the server refuses is refused (inferred)."""
    result = run(server, "put", "-", text=text)
    assert result.exit_code == code
    assert told in result.stderr


def test_a_group_that_a_file_does_not_name_alone(server: tuple[str, str], tmp_path: Path) -> None:
    """A name that several groups have is wrong usage, told with the file and the line (inferred)."""
    file = tmp_path / "expected.yaml"
    file.write_text(FILE.replace("'w*b'", "twin"), "utf-8")
    told = run(server, "check", "--file", str(file))
    assert told.exit_code == 2
    assert f"{file}, line 3: vpc-" in told.stderr


def test_files_that_are_none(server: tuple[str, str], tmp_path: Path) -> None:
    """A file that is not there, and one that is no text, are wrong usage (inferred)."""
    (tmp_path / "bytes").write_bytes(b"\xff\xfe")
    for name in ("none", "bytes"):
        assert run(server, "put", str(tmp_path / name)).exit_code == 2
