"""The committed tables, the services and their actions, and groupwall's own model in boto3."""

from __future__ import annotations

import json
from pathlib import Path

import botocore.session
import pytest

from groupwall.errors import ApiError
from groupwall.wire.dialects import EC2, QUERY
from groupwall.wire.model import SERVICES, Action, find
from groupwall.wire.shapes import List, Scalar
from groupwall.wire.versions import EC2_VERSION, GROUPWALL_VERSION, STS_VERSION, namespace, service_of
from tests.wire.strategies import ACTIONS, MODELS
from tools import make_model


def test_the_tables_are_up_to_date() -> None:
    """``tools/make_model.py`` would write what is committed."""
    assert [path.name for path, text in make_model.tables().items() if path.read_text() != text] == []


def test_the_tables_hold_every_operation_that_is_asked_for() -> None:
    """Each name of operations.txt is an action of its service, those under ``empty`` marked so."""
    wanted = make_model.wanted()
    ec2 = SERVICES["ec2"].actions
    assert set(ec2) == {*wanted["ec2"], *wanted["empty"]}
    assert {name for name, action in ec2.items() if action.empty} == set(wanted["empty"])
    assert set(SERVICES["sts"].actions) == set(wanted["sts"])


@pytest.mark.parametrize("action", [action for action in ACTIONS if action.empty], ids=lambda action: action.name)
def test_an_empty_answer_is_its_list(action: Action) -> None:
    """An operation outside the slice answers an empty list, and asks for nothing (inferred)."""
    assert action.input.required == ()
    assert action.list_member is not None
    assert action.plain({action.list_member: []}) == {action.list_member: []}


def test_the_first_list_is_the_answer_of_instances() -> None:
    """DescribeInstances answers an empty reservation set."""
    action = find("DescribeInstances", EC2_VERSION)
    body = action.encode({"Reservations": []}, "id", EC2_VERSION)
    assert b"\n    <reservationSet/>\n" in body


@pytest.mark.parametrize(
    ("action", "version", "code", "message"),
    [
        ("AllocateAddress", EC2_VERSION, "UnsupportedOperation", "The operation AllocateAddress is not supported."),
        ("AssumeRoot", STS_VERSION, "UnsupportedOperation", "The operation AssumeRoot is not supported."),
        ("Nonsense", EC2_VERSION, "InvalidAction", "The action Nonsense is not valid for this web service."),
        ("describeVpcs", EC2_VERSION, "InvalidAction", "The action describeVpcs is not valid for this web service."),
        ("DescribeVpcs", STS_VERSION, "InvalidAction", "The action DescribeVpcs is not valid for this web service."),
        ("x" * 900, EC2_VERSION, "InvalidAction", f"The action {'x' * 900} is not valid for this web service."),
        ("DescribeVpcs", "x", "NoSuchVersion", "The requested version (x) of the service is not valid."),
    ],
)
def test_an_action_that_is_not_ours(action: str, version: str, code: str, message: str) -> None:
    """One of AWS's that we lack is named as such; anything else is no action: reference 1.4."""
    with pytest.raises(ApiError) as caught:
        find(action, version)
    assert (caught.value.code, caught.value.message, caught.value.status) == (code, message, 400)


@pytest.mark.parametrize(
    ("version", "service"),
    [
        ("2016-11-15", "ec2"), ("2014-10-01", "ec2"), ("2014-09-01", "ec2"), ("2009-11-30", "ec2"),
        ("2014-06-15", "ec2"), ("2012-02-29", "ec2"), ("2011-06-15", "sts"), ("2026-11-01", "groupwall"),
        ("2009-11-29", None), ("2014-06-16", None), ("2013-02-29", None), ("2013-13-01", None), ("2013-1-1", None),
        ("2016-11-16", None), ("", None), ("2013-01-01\n", None), ("\u0662013-01-01", None),
    ],
)  # fmt: skip
def test_versions(version: str, service: str | None) -> None:
    """The versions that AWS shipped, and the older dates seen in old clients: reference 1.1 [model][recorded]."""
    assert service_of(version) == service


def test_namespaces_end_in_a_slash() -> None:
    """Without it libcloud finds nothing: clients 2.1."""
    assert namespace("2014-09-01") == "http://ec2.amazonaws.com/doc/2014-09-01/"
    assert namespace(STS_VERSION) == "https://sts.amazonaws.com/doc/2011-06-15/"
    assert namespace(GROUPWALL_VERSION) == "https://groupwall.dev/doc/2026-11-01/"


def test_dialects_of_services() -> None:
    """EC2 speaks its own dialect, STS and groupwall speak query."""
    assert [SERVICES[name].dialect for name in ("ec2", "sts", "groupwall")] == [EC2, QUERY, QUERY]


def test_bounds_and_requirements_are_kept() -> None:
    """The model's bounds of an integer and its required members can be read from the shapes [model]."""
    assert find("DescribeSecurityGroups", EC2_VERSION).input.members["MaxResults"].shape == Scalar("integer", 5, 1000)
    assert find("CreateSecurityGroup", EC2_VERSION).input.required == ("Description", "GroupName")
    assert isinstance(find("CreateTags", EC2_VERSION).input.members["Tags"].shape, List)


def test_our_own_model_loads_in_botocore() -> None:
    """A client of the groupwall service can be made, and its changes be paged (inferred)."""
    session = botocore.session.Session()
    session.get_component("data_loader").search_paths.insert(0, MODELS)
    session.set_credentials("a", "b")
    client = session.create_client("groupwall", "us-east-1", endpoint_url="http://127.0.0.1:1")
    assert client.meta.service_model.operation_names == list(SERVICES["groupwall"].actions)
    assert client.can_paginate("describe_changes")
    assert client.waiter_names == ["rules_applied"]
    waiting = client.get_waiter("rules_applied").config
    assert (waiting.delay, waiting.delay * waiting.max_attempts) == (0.1, 60)  # hosts take milliseconds, not seconds


def test_every_member_of_our_own_model_is_explained() -> None:
    """Each member of each shape, and each operation, has its sentence."""
    model = json.loads((Path(MODELS) / "groupwall" / GROUPWALL_VERSION / "service-2.json").read_text())
    members = [ref for shape in model["shapes"].values() for ref in shape.get("members", {}).values()]
    assert all(ref["documentation"].endswith(".") for ref in [*members, *model["operations"].values()])
