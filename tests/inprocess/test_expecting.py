"""``wall.reachable`` and ``wall.expect``: what a test says of traffic [inferred]."""

from __future__ import annotations

from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError

import groupwall
from groupwall.inprocess import Wall

HTTPS = {"IpProtocol": "tcp", "FromPort": 443, "ToPort": 443, "IpRanges": [{"CidrIp": "198.51.100.0/24"}]}
OFFICE, STRANGER = "198.51.100.7", "203.0.113.7"


def _web() -> tuple[Any, Any]:
    """Return a group that admits HTTPS from the office, and an interface in it."""
    ec2 = boto3.resource("ec2")
    web = ec2.create_security_group(GroupName="web", Description="d")
    web.authorize_ingress(IpPermissions=[HTTPS])
    return web, next(iter(ec2.subnets.all())).create_network_interface(Groups=[web.id])


@pytest.mark.parametrize(
    ("source", "port", "options", "reached"),
    [
        (OFFICE, 443, {}, True),
        ("198.51.100.0/24", 443, {}, True),
        ("198.51.0.0/16", 443, {}, False),
        (STRANGER, 443, {}, False),
        (OFFICE, 80, {}, False),
        (OFFICE, None, {}, False),
        (OFFICE, 443, {"protocol": "udp"}, False),
    ],
)
def test_reachable_means_all_of_it(source: str, port: int | None, options: dict[str, str], *, reached: bool) -> None:
    """Every flow that is asked about has to pass, of a block and of a protocol too (inferred)."""
    with groupwall.local() as wall:
        web, server = _web()
        assert wall.reachable(source, server.id, port, **options) is reached
        assert wall.reachable(source, web.id, port, **options) is reached


def test_reachable_between_two_of_ours() -> None:
    """Ends may be ids or addresses, and both gates count (inferred)."""
    with groupwall.local() as wall:
        web, server = _web()
        other = boto3.resource("ec2").Subnet(server.subnet_id).create_network_interface(Groups=[web.id])
        assert not wall.reachable(other.id, server.id, 443)
        pair = {"IpProtocol": "tcp", "FromPort": 443, "ToPort": 443, "UserIdGroupPairs": [{"GroupId": web.id}]}
        web.authorize_ingress(IpPermissions=[pair])
        assert wall.reachable(other.id, server.id, 443)
        assert wall.reachable(other.private_ip_address, server.private_ip_address, 443)
        web.revoke_egress(IpPermissions=web.ip_permissions_egress)
        assert not wall.reachable(other.id, server.id, 443)


def test_an_end_that_is_not_there_is_an_error() -> None:
    """A test does not pass because of an id that is mistyped (inferred)."""
    with groupwall.local() as wall:
        with pytest.raises(ClientError, match=r"InvalidNetworkInterfaceID\.NotFound"):
            wall.reachable(OFFICE, "eni-00000000000000000", 443)
        with pytest.raises(ClientError, match="InvalidParameterValue"):
            wall.reachable(OFFICE, STRANGER, 443)


def test_what_is_expected_stays(groupwall: Wall) -> None:
    """A call that would break what is expected is refused, and does nothing (inferred)."""
    web, server = _web()
    groupwall.expect("office", from_="198.51.100.0/24", to=web.id, port=443)
    with pytest.raises(ClientError, match=r"ExpectationBroken.*'office'"):
        web.revoke_ingress(IpPermissions=[HTTPS])
    assert groupwall.reachable(OFFICE, server.id, 443)
    groupwall.expect("no ssh", from_="anywhere", to=web.id, port=22, Verdict="deny", Description="ever")
    with pytest.raises(ClientError, match=r"ExpectationBroken.*'no ssh'"):
        web.authorize_ingress(IpProtocol="tcp", FromPort=0, ToPort=1000, CidrIp="203.0.113.0/24")


def test_what_does_not_hold_cannot_be_expected(groupwall: Wall) -> None:
    """An expectation that is broken from the start is refused (inferred)."""
    web, _ = _web()
    with pytest.raises(ClientError, match=r"ExpectationBroken.*does not hold now"):
        groupwall.expect("strangers", from_=STRANGER, to=web.id, port=443)
