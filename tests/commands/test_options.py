"""Options from the model: names as the AWS CLI's, and what a user's text means for each shape."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import click
import pytest
from botocore import xform_name
from click.testing import CliRunner

from groupwall.commands.options import kebab, members_of, options_of
from groupwall.wire.model import SERVICES
from groupwall.wire.shapes import List, Member, Scalar, Shape, Structure


def structure(**shapes: Shape) -> Structure:
    """Return a structure of these members."""
    members = {name: Member(name, shape, name, name) for name, shape in shapes.items()}
    return Structure(members, members)


PEER = structure(Cidr=Scalar("string"), Port=Scalar("integer"))
SHAPE = structure(
    GroupName=Scalar("string"), MaxResults=Scalar("integer", 1, 1000), Long=Scalar("long"), Force=Scalar("boolean"),
    At=Scalar("timestamp"), Names=List(Scalar("string"), "member", "member"), Peers=List(PEER, "member", "member"),
    Peer=PEER, FromPort=Scalar("integer"), ToPort=Scalar("integer"),
)  # fmt: skip


def given(*words: str) -> dict[str, Any]:
    """Return the members that words of a command line give. UsageError as click raises it."""
    found: dict[str, Any] = {}
    command = click.Command("test", params=list(options_of(SHAPE, {})), callback=lambda **all_: found.update(all_))
    command.main(list(words), standalone_mode=False)
    return members_of(SHAPE, found)


def names(shape: Shape) -> Iterator[str]:
    """Yield the name of every member within a shape."""
    if isinstance(shape, Structure):
        for member in shape.members.values():
            yield member.name
            yield from names(member.shape)
    elif isinstance(shape, List):
        yield from names(shape.item)


def test_names_are_those_of_the_aws_cli() -> None:
    """Every operation and member of ours is named as botocore would name it for the AWS CLI (inferred)."""
    known = {
        name for service in SERVICES.values() for action in service.actions.values() for name in names(action.input)
    }
    known |= {name for service in SERVICES.values() for name in service.actions}
    assert {name: kebab(name) for name in known} == {name: xform_name(name, "-") for name in known}


@pytest.mark.parametrize(
    ("words", "members"),
    [
        ((), {}),
        (("--group-name", "-x"), {"GroupName": "-x"}),
        (("--group-name", ""), {"GroupName": ""}),
        (("--group-name", "{a"), {"GroupName": "{a"}),
        (("--max-results", "7", "--long", "-9"), {"MaxResults": 7, "Long": -9}),
        (("--force",), {"Force": True}),
        (("--no-force",), {"Force": False}),
        (("--at", "2026-11-23T03:46:00Z"), {"At": "2026-11-23T03:46:00.000Z"}),
        (("--at", "2026-11-23"), {"At": "2026-11-23T00:00:00.000Z"}),
        (("--at", "2026-11-23 04:46:00.5+01:00"), {"At": "2026-11-23T03:46:00.500Z"}),
        (("--names", "a", "--names", "b,c"), {"Names": ["a", "b,c"]}),
        (("--names", '["a", "b"]', "--names", "c"), {"Names": ["a", "b", "c"]}),
        (
            ("--peers", "Cidr=a,Port=1", "--peers", '{"Cidr": "b"}'),
            {"Peers": [{"Cidr": "a", "Port": "1"}, {"Cidr": "b"}]},
        ),
        (("--peers", '[{"Cidr": "a"}, {}]'), {"Peers": [{"Cidr": "a"}, {}]}),
        (("--peer", "Cidr=a"), {"Peer": {"Cidr": "a"}}),
        (("--port", "22"), {"FromPort": 22, "ToPort": 22}),
        (("--port", "8000-8080"), {"FromPort": 8000, "ToPort": 8080}),
        (("--port", "8--1"), {"FromPort": 8, "ToPort": -1}),
        (("--port", "-1"), {"FromPort": -1, "ToPort": -1}),
        (("--port", "all"), {"FromPort": -1, "ToPort": -1}),
    ],
)
def test_what_words_mean(words: tuple[str, ...], members: dict[str, Any]) -> None:
    """Each shape is written in the ways that the AWS CLI knows (inferred)."""
    assert given(*words) == members


def test_times_ago() -> None:
    """A time may be told by how long ago it is (inferred)."""
    assert given("--at", "2h")["At"] < given("--at", "119m")["At"] < given("--at", "1s")["At"]


def test_files(tmp_path: Path) -> None:
    """A structure or a list may stand in a file (inferred)."""
    file = tmp_path / "peers.json"
    file.write_text(json.dumps([{"Cidr": "ä"}]), "utf-8")
    assert given("--peers", f"file://{file}") == {"Peers": [{"Cidr": "ä"}]}


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("--max-results", "0"), "0 is not in the range 1<=x<=1000"),
        (("--max-results", "x"), "'x' is not a valid integer range"),
        (("--at", "then"), "'then' is no time"),
        (("--at", "9999999999d"), "is no time"),
        (("--at", "999999999d"), "is no time"),
        (("--port", "http"), "'http' is no port"),
        (("--port", "1-2-3"), "is no port"),
        (("--peer", "x"), "'x' is neither JSON nor shorthand: NAME=VALUE is missing at character 1"),
        (("--peer", "{"), "this is no JSON: "),
        (("--peer", "[" * 100_000), "nested beyond reason"),
        (("--peer", "file:///does/not/exist"), "'file:///does/not/exist' No such file or directory"),
    ],
)
def test_what_words_do_not_mean(words: tuple[str, ...], told: str) -> None:
    """What is none of a shape's is wrong usage, with the option named (inferred)."""
    with pytest.raises(click.BadParameter) as raised:
        given(*words)
    assert told in raised.value.format_message()
    assert words[0] in raised.value.format_message()


def test_help_comes_from_the_model() -> None:
    """An option's help is what the model tells of its member, and how lists and structures are written (inferred)."""
    command = click.Command("test", params=list(options_of(SHAPE, {"Names": "Their names.", "Peer": "The peer."})))
    told = " ".join(CliRunner().invoke(command, ["--help"]).output.split())
    assert "--names TEXT Their names. May be repeated." in told
    assert "--peer VALUE The peer. JSON, shorthand or file://PATH." in told
    assert "--force / --no-force" in told
