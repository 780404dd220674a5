"""The AWS CLI's shorthand, against the AWS CLI's own examples and against what it writes for itself."""

from __future__ import annotations

from contextlib import suppress
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from groupwall.commands.shorthand import read_shorthand
from groupwall.wire.model import SERVICES
from groupwall.wire.shapes import List, Structure

INPUT = SERVICES["ec2"].action("RevokeSecurityGroupIngress").input
FILTERS = SERVICES["ec2"].action("DescribeSecurityGroups").input.members["Filters"].shape
PERMISSIONS = INPUT.members["IpPermissions"].shape
assert isinstance(PERMISSIONS, List)
assert isinstance(FILTERS, List)
PERMISSION, FILTER = PERMISSIONS.item, FILTERS.item


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("Name=group-id,Values=sg-1", {"Name": "group-id", "Values": ["sg-1"]}),
        ("Name=group-id,Values=sg-1,sg-2", {"Name": "group-id", "Values": ["sg-1", "sg-2"]}),
        ("Values=a,b,Name=c", {"Name": "c", "Values": ["a", "b"]}),
        ("Values=[a,b],Name=c", {"Name": "c", "Values": ["a", "b"]}),
        ("Values=[],Name=c", {"Name": "c", "Values": []}),
        ("Name=tag:Name,Values='a,b'", {"Name": "tag:Name", "Values": ["a,b"]}),
        ('Name=tag:Name,Values="say \\"hi\\""', {"Name": "tag:Name", "Values": ['say "hi"']}),
        ("Name=x,Values=key=value", {"Name": "x", "Values": ["key=value"]}),
        ("Name=,Values=", {"Name": "", "Values": [""]}),
        (" Name=x , Values=y ", {"Name": "x", "Values": ["y"]}),
        ("Name=x,", {"Name": ["x", ""]}),
    ],
)
def test_filters(text: str, value: dict[str, Any]) -> None:
    """A filter is written with or without brackets, and quotes where there is a comma [AWS's documentation]."""
    assert read_shorthand(text, FILTER) == value


def test_permissions() -> None:
    """The AWS CLI's example of a permission, with lists of structures in it, is understood [AWS's documentation]."""
    ranges = "[{CidrIp=172.31.0.0/16,Description='a, b'},{CidrIp=10.0.0.0/8}]"
    assert read_shorthand(f"IpProtocol=tcp,FromPort=3389,ToPort=3389,IpRanges={ranges}", PERMISSION) == {
        "IpProtocol": "tcp",
        "FromPort": "3389",
        "ToPort": "3389",
        "IpRanges": [{"CidrIp": "172.31.0.0/16", "Description": "a, b"}, {"CidrIp": "10.0.0.0/8"}],
    }


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("", "NAME=VALUE is missing at character 1"),
        ("sg-1", "NAME=VALUE is missing at character 1"),
        ("Values=[a,b", "] is missing at character 12"),
        ("IpRanges=[{CidrIp=a]", "} is missing at character 20"),
        ("Name=a]", "an end is missing at character 7"),
        ("IpRanges=[{}]", "NAME=VALUE is missing at character 12"),
    ],
)
def test_what_is_none(text: str, told: str) -> None:
    """Where a text stops being shorthand is told (inferred)."""
    with pytest.raises(ValueError, match="is neither JSON nor shorthand") as raised:
        read_shorthand(text, PERMISSION)
    assert str(raised.value).endswith(told)


TEXT = st.text(st.characters(exclude_categories=["Cs"]))


def written(value: Any) -> str:  # noqa: ANN401 - text, or structures and lists of it
    """Return a value in shorthand."""
    if isinstance(value, dict):
        return "{" + ",".join(f"{name}={written(part)}" for name, part in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ",".join(map(written, value)) + "]"
    return "'" + value.replace("\\", "\\\\").replace("'", "\\'") + "'"


NAMES = st.from_regex(r"[A-Za-z0-9]{1,4}", fullmatch=True)


@given(st.recursive(TEXT, lambda inner: st.lists(inner) | st.dictionaries(NAMES, inner, min_size=1)))
def test_what_is_written_is_read(value: Any) -> None:  # noqa: ANN401 - text, or structures and lists of it
    """Any text, in lists and structures of any depth, is read as it was written (inferred)."""
    assert read_shorthand(f"a={written(value)}", Structure({}, {})) == {"a": value}


@given(st.text("NameVlus=,[]{}'\"\\ -1"))
def test_nothing_else_is_raised(text: str) -> None:
    """Whatever is written is understood or told to be none (inferred)."""
    with suppress(ValueError):
        assert read_shorthand(text, FILTER)
