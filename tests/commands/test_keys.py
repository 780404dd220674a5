"""``groupwall keys``: made, listed, disabled, enabled, deleted, beside a server or without; a secret is shown once."""

from __future__ import annotations

import json
import os
import re
import sqlite3
import subprocess
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from groupwall.profiles import setup
from groupwall.store.sqlite import FILE
from tests.law import breaches
from tests.programs import command, make_key
from tests.remote import Remote
from tests.scenes import create_group
from tests.serving import PROGRAM, started


def test_a_key_is_made_shown_and_listed(tmp_path: Path) -> None:
    """The first key makes the store; its secret is shown when it is made and not when keys are listed (inferred)."""
    folder = str(tmp_path / "new")
    made = command("keys", "create", "--data", folder, "--user", "alice")
    shown = re.fullmatch(r"AWS_ACCESS_KEY_ID=(AKIA[A-Z2-7]{16})\nAWS_SECRET_ACCESS_KEY=([A-Za-z0-9+/]{40})\n", made.out)
    assert shown
    assert (made.code, made.err) == (0, "")
    listed = command("keys", "list", "--data", folder)
    header, listed_key = listed.out.splitlines()
    assert header.split() == ["KEY", "ACCOUNT", "USER", "STATUS", "EXPIRES", "POLICIES"]
    assert re.fullmatch(rf"{shown[1]}  123456789012  alice +  Active +  never +  -", listed_key)
    assert listed_key.index("Active") == header.index("STATUS")
    assert breaches(Path(folder)) == []


@pytest.mark.parametrize("given", [("--data", ":memory:"), ("--data", ""), ("--account", "12")])
def test_no_key_is_made_that_nobody_can_use(tmp_path: Path, given: tuple[str, str]) -> None:
    """A store of no folder and an account of no 12 digits are wrong usage (inferred)."""
    done = command("keys", "create", "--data", str(tmp_path / "new"), *given)
    assert (done.code, done.out) == (2, "")
    assert not (tmp_path / "new").exists()


def test_a_key_goes_through_its_life_in_json(tmp_path: Path) -> None:
    """With --json every step prints the key as IAM names its members, and its secret only at first (inferred)."""
    folder = str(tmp_path)
    made = json.loads(command("keys", "create", "--json", "--data", folder, "--account", "111122223333").out)
    secret = made.pop("SecretAccessKey")
    assert len(secret) == 40
    active = {
        "AccessKeyId": made["AccessKeyId"], "AccountId": "111122223333", "UserName": "", "Status": "Active",
        "Expires": None,
    }  # fmt: skip
    assert made == active
    assert json.loads(command("keys", "list", "--json", "--data", folder).out) == [active | {"Policies": []}]
    disabled = json.loads(command("keys", "disable", made["AccessKeyId"], "--json", "--data", folder).out)
    assert disabled == active | {"Status": "Inactive"}
    assert json.loads(command("keys", "enable", made["AccessKeyId"], "--json", "--data", folder).out) == active
    again = command("keys", "disable", made["AccessKeyId"], "--data", folder)
    assert again.out == f"{made['AccessKeyId']} is disabled\n"
    assert json.loads(command("keys", "delete", made["AccessKeyId"], "--json", "--data", folder).out) == disabled
    assert json.loads(command("keys", "list", "--json", "--data", folder).out) == []
    assert breaches(tmp_path) == []


@pytest.mark.parametrize(
    ("words", "code", "told"),
    [
        (("keys", "disable", "AKIANONE"), 1, "NoSuchEntity: The Access Key with id AKIANONE cannot be found\n"),
        (("keys", "enable", "AKIANONE"), 1, "NoSuchEntity: The Access Key with id AKIANONE cannot be found\n"),
        (("keys", "delete", "AKIANONE"), 1, "NoSuchEntity: The Access Key with id AKIANONE cannot be found\n"),
        (
            ("keys", "create", "--user", "a b"),
            1,
            "ValidationError: The specified value for userName is invalid: 'a b'\n",
        ),
        (
            ("keys", "create", "--user", "x" * 65),
            1,
            f"ValidationError: The specified value for userName is invalid: '{'x' * 64}'\n",
        ),
        (("keys", "create", "--account", "12"), 2, "Error: the account must have 12 digits, not '12'\n"),
    ],
)
def test_what_cannot_be_is_refused(tmp_path: Path, words: tuple[str, ...], code: int, told: str) -> None:
    """A key that is not there, a name that no user has and an account that is none are refused (inferred)."""
    make_key(tmp_path)
    ended = command(*words, "--data", str(tmp_path))
    assert (ended.code, ended.out) == (code, "")
    assert ended.err.endswith(told)
    assert breaches(tmp_path) == []


def test_without_a_store_there_is_nothing_to_list(tmp_path: Path) -> None:
    """Only the first key makes a store; other commands say that there is none, and make nothing (inferred)."""
    ended = command("keys", "list", "--data", str(tmp_path / "none"))
    assert (ended.code, ended.err) == (1, f"StoreError: there is no groupwall store in {tmp_path / 'none'}\n")
    assert list(tmp_path.iterdir()) == []


def test_keys_are_made_beside_a_busy_server(tmp_path: Path) -> None:
    """While a server writes, keys are made by other processes; nobody is refused and no revision is lost (inferred)."""
    with started("--log", "off", "--data", str(tmp_path)) as server, Remote(server.url) as remote:
        words = [*PROGRAM, "keys", "create", "--json", "--data", str(tmp_path)]
        making = [subprocess.Popen(words, stdout=subprocess.PIPE) for _ in range(4)]  # noqa: S603 - our own words only
        number = 0
        while any(one.poll() is None for one in making):
            create_group(remote, f"group-{number}")
            number += 1
        assert [one.wait() for one in making] == [0] * 4
        for one in making:
            one.communicate()
    with closing(sqlite3.connect(tmp_path / FILE)) as connection:
        assert connection.execute("SELECT count(*) FROM change").fetchone() == (number + 4 + 1,)
        assert connection.execute("SELECT count(*) FROM access_key").fetchone() == (4,)
    assert breaches(tmp_path) == []


def test_a_secret_is_in_its_table_and_nowhere_else(tmp_path: Path) -> None:
    """Neither the history nor the log holds a secret, and deleting a key leaves none in the tables (inferred)."""
    folder = tmp_path / "store"
    key = make_key(folder)
    with (tmp_path / "log").open("w") as log, started("--auth", "signed", "--data", str(folder), log=log) as server:
        with Remote(server.url, key) as remote:
            create_group(remote)
        server.end()
    assert key.secret not in (tmp_path / "log").read_text()
    assert tables_with(folder, key.secret) == {"secret"}
    assert tables_with(folder, key.access_key_id) == {"access_key", "secret", "change", "delta"}
    assert command("keys", "delete", key.access_key_id, "--data", str(folder)).code == 0
    assert tables_with(folder, key.secret) == set()


def tables_with(folder: Path, text: str) -> set[str]:
    """Return the tables that hold a text anywhere."""
    with closing(sqlite3.connect(folder / FILE)) as connection:
        tables = [row[0] for row in connection.execute("SELECT name FROM sqlite_schema WHERE type = 'table'")]
        rows = {table: connection.execute(f"SELECT * FROM {table}").fetchall() for table in tables}  # noqa: S608
    return {table for table in tables if text in str(rows[table])}


def test_no_command_takes_a_secret() -> None:
    """No option takes a secret, so that none can be seen in a list of processes (inferred)."""
    steps = ("create", "list", "disable", "enable", "delete")
    for words in (("serve",), ("keys",), *(("keys", step) for step in steps)):
        told = command(*words, "--help")
        assert told.code == 0
        assert not re.search(r"--\S*(secret|password|token)", told.out)


ALLOW = '{"Version": "2012-10-17", "Statement": {"Effect": "Allow", "Action": "*", "Resource": "*"}}'


def test_a_key_brings_its_user(tmp_path: Path) -> None:
    """Policies, boundary and tags are kept with the key, in changes of their own; keys without them leave them."""
    (tmp_path / "all.json").write_text(ALLOW, "utf-8")
    folder, given = str(tmp_path / "store"), ("--user", "alice", "--data", str(tmp_path / "store"))
    file = str(tmp_path / "all.json")
    assert command("keys", "create", *given, "--policy", file, "--boundary", file, "--tag", "team=net").code == 0
    assert command("keys", "create", *given).code == 0
    listed = json.loads(command("keys", "list", "--json", "--data", folder).out)
    assert [(one["UserName"], one["Policies"]) for one in listed] == [("alice", ["all"])] * 2
    shown = json.loads(command("policy", "show", "--user", "alice", "--json", "--data", folder).out)
    assert (shown["Policies"], shown["Boundary"]) == ({"all": json.loads(ALLOW)}, json.loads(ALLOW))
    assert shown["Tags"] == {"team": "net"}
    assert breaches(tmp_path / "store") == []


def test_a_key_expires(tmp_path: Path) -> None:
    """The time is told with the key; what is no duration is wrong usage (inferred)."""
    words = ("keys", "create", "--json", "--data", str(tmp_path), "--expires")
    made = json.loads(command(*words, "2h").out)
    away = datetime.fromisoformat(made["Expires"]) - datetime.now(UTC)
    assert timedelta(hours=1, minutes=59) < away <= timedelta(hours=2)
    for wrong in ("2", "h", "0s", "-1h", "36501d"):
        assert command(*words, wrong).code == 2


@pytest.mark.parametrize("given", [("--policy", "x"), ("--boundary", "x"), ("--tag", "a=b")])
def test_the_root_has_no_policies(tmp_path: Path, given: tuple[str, str]) -> None:
    """What only a user can have is wrong usage without one, and nothing is made (inferred)."""
    ended = command("keys", "create", *given, "--data", str(tmp_path / "store"))
    assert (ended.code, "the root may do everything" in ended.err) == (2, True)
    assert not (tmp_path / "store").exists()


def test_a_bad_policy_makes_no_key(tmp_path: Path) -> None:
    """The user and its key are made together or not at all (inferred)."""
    (tmp_path / "bad.json").write_text('{"Statement": [{"Effect": "Perhaps"}]}', "utf-8")
    folder = str(tmp_path / "store")
    ended = command("keys", "create", "--user", "alice", "--policy", str(tmp_path / "bad.json"), "--data", folder)
    assert (ended.code, ended.err.partition(":")[0]) == (1, "MalformedPolicyDocument")
    assert command("keys", "list", "--json", "--data", folder).out == "[]\n"


def test_a_profile_takes_the_secret(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """With --profile the secret is in AWS's file and not shown; a profile that is there stays (inferred)."""
    files = {"AWS_SHARED_CREDENTIALS_FILE": tmp_path / "aws" / "keys", "AWS_CONFIG_FILE": tmp_path / "aws" / "config"}
    for name, path in files.items():
        monkeypatch.setenv(name, str(path))
    words = ("keys", "create", "--user", "alice", "--profile", "alice", "--data", str(tmp_path / "store"))
    made = command(*words)
    written = setup({name: str(path) for name, path in files.items()}, profile="alice")
    assert written.endpoint == "http://127.0.0.1:4577"
    assert made.out.startswith(f"{written.credentials.access_key_id} is profile alice")
    assert written.credentials.secret not in made.out + made.err
    again = command(*words)
    assert (again.code, "there is a profile alice" in again.err) == (2, True)
    told = json.loads(
        command(*words, "--replace", "--json", "--endpoint", "http://127.0.0.1:1", "--region", "eu-west-1").out
    )
    assert (told["Profile"], "SecretAccessKey" in told) == ("alice", False)
    written = setup({name: str(path) for name, path in files.items()}, profile="alice")
    assert (written.endpoint, written.region) == ("http://127.0.0.1:1", "eu-west-1")
    assert written.credentials.access_key_id == told["AccessKeyId"]


def test_where_no_profile_can_be_written_no_key_is_made(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A file that is none, and a folder that takes none, leave no key that nobody has the secret of (inferred)."""
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "config"))
    words = ("keys", "create", "--profile", "root", "--data", str(tmp_path / "store"))
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", os.devnull)
    assert command(*words).code == 2
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(tmp_path / ("x" * 255)))  # too long for a name beside it
    assert command(*words).code == 1
    assert command("keys", "list", "--json", "--data", str(tmp_path / "store")).out == "[]\n"
