"""Who gets an address that was another's gets none of its flows: each interface tracks by itself at AWS (inferred)."""

from __future__ import annotations

import socket
from collections.abc import Callable
from typing import Any, NamedTuple

from botocore.exceptions import ClientError

from tests.enforce.servers import REFUSED_AFTER, Enforcing, enforcing, until

Json = dict[str, Any]
PORT, FROM = 5000, 6000


class Spoken(NamedTuple):
    """A datagram, and from where it came."""

    word: bytes
    source: tuple[str, int]


def _program(one: Enforcing, instance: Json, address: str, port: int) -> socket.socket:
    with one.namespaces.opened(instance["InstanceId"]) as inside:
        made = inside.within(lambda: socket.socket(socket.AF_INET, socket.SOCK_DGRAM))
    made.settimeout(REFUSED_AFTER)
    try:
        made.bind((address, port))
    except OSError:
        made.close()
        raise
    return made


def _heard(ear: socket.socket) -> Spoken | None:
    try:
        return Spoken(*ear.recvfrom(64))
    except TimeoutError:
        return None


def _converse(calling: socket.socket, answering: socket.socket) -> bool:
    """Tell whether both ends of a flow hear each other."""
    calling.sendto(b"asked", answering.getsockname())
    heard = _heard(answering)
    if heard is None:
        return False
    answering.sendto(b"answered", heard.source)
    return _heard(calling) is not None


def _reaches(calling: socket.socket, answering: socket.socket) -> bool:
    calling.sendto(b"taken up", answering.getsockname())
    return _heard(answering) is not None


def _group(one: Enforcing, name: str, vpc_id: str, *peers: str) -> str:
    """Return a group that lets certain groups in, or blocks."""
    group_id = str(one.ec2.create_security_group(GroupName=name, Description="of a test", VpcId=vpc_id)["GroupId"])
    for peer in peers:
        who = {"UserIdGroupPairs": [{"GroupId": peer}]} if peer[0] == "s" else {"IpRanges": [{"CidrIp": peer}]}
        rule = {"IpProtocol": "udp", "FromPort": PORT, "ToPort": PORT} | who
        one.ec2.authorize_security_group_ingress(GroupId=group_id, IpPermissions=[rule])
    return group_id


def _replaced(one: Enforcing, old: Json, group_id: str) -> Json:
    """Terminate an instance, and return another with its address."""
    one.ec2.terminate_instances(InstanceIds=[old["InstanceId"]])
    given = {"SubnetId": old["SubnetId"], "PrivateIpAddress": old["PrivateIpAddress"], "SecurityGroupIds": [group_id]}
    made: list[Json] = []

    def run() -> bool:
        try:
            made.extend(one.run_instances(1, **given))
        except ClientError as error:
            assert "InUse" in str(error)  # noqa: PT017 - until the address is free
        return bool(made)

    until(run)
    return made[0]


def _ends(one: Enforcing) -> tuple[Json, Json, str]:
    """Return a client and a server that admits its group, and a group that nobody admits."""
    [client] = one.run_instances(1)
    vpc_id, [friends] = client["VpcId"], client["SecurityGroups"]
    [server] = one.run_instances(1, SecurityGroupIds=[_group(one, "servers", vpc_id, friends["GroupId"])])
    return client, server, _group(one, "nobody", vpc_id)


def test_a_client_s_address() -> None:
    """Who has a terminated client's address does not reach the server from the client's port."""
    with enforcing() as one:
        client, server, nobody = _ends(one)
        with _program(one, server, server["PrivateIpAddress"], PORT) as answering:
            with _program(one, client, client["PrivateIpAddress"], FROM) as calling:
                assert _converse(calling, answering)
            other = _replaced(one, client, nobody)
            with _program(one, other, other["PrivateIpAddress"], FROM) as calling:
                assert not _reaches(calling, answering)


def test_a_server_s_address() -> None:
    """Who has a terminated server's address is not reached by the server's client."""
    with enforcing() as one:
        client, server, nobody = _ends(one)
        with _program(one, client, client["PrivateIpAddress"], FROM) as calling:
            with _program(one, server, server["PrivateIpAddress"], PORT) as answering:
                assert _converse(calling, answering)
            other = _replaced(one, server, nobody)
            with _program(one, other, other["PrivateIpAddress"], PORT) as answering:
                assert not _reaches(calling, answering)


def test_an_address_that_moves() -> None:
    """A secondary address that is given to another interface leaves its flows behind; other flows go on."""
    with enforcing() as one:
        client, server, nobody = _ends(one)
        [other] = one.run_instances(1, SecurityGroupIds=[nobody])
        first, second = (each["NetworkInterfaces"][0]["NetworkInterfaceId"] for each in (client, other))
        more = one.ec2.assign_private_ip_addresses(NetworkInterfaceId=first, SecondaryPrivateIpAddressCount=1)
        address = more["AssignedPrivateIpAddresses"][0]["PrivateIpAddress"]
        until(_is_there(one, client, address))
        with (
            _program(one, server, server["PrivateIpAddress"], PORT) as answering,
            _program(one, client, client["PrivateIpAddress"], FROM) as staying,
            _program(one, client, address, FROM) as calling,
        ):
            assert _converse(staying, answering)
            assert _converse(calling, answering)
            one.ec2.assign_private_ip_addresses(
                NetworkInterfaceId=second, PrivateIpAddresses=[address], AllowReassignment=True
            )
            until(_is_there(one, other, address))
            with _program(one, other, address, FROM) as taking:
                assert not _reaches(taking, answering)
            assert _converse(staying, answering)


def _is_there(one: Enforcing, instance: Json, address: str) -> Callable[[], bool]:
    def there() -> bool:
        try:
            _program(one, instance, address, 0).close()
        except OSError:
            return False
        return True

    return there


def _vpc(one: Enforcing, block: str, address: str) -> tuple[str, Json]:
    """Return a VPC, and where an instance runs in it."""
    vpc_id = one.ec2.create_vpc(CidrBlock=block)["Vpc"]["VpcId"]
    subnet_id = one.ec2.create_subnet(VpcId=vpc_id, CidrBlock=block)["Subnet"]["SubnetId"]
    return vpc_id, {"SubnetId": subnet_id, "PrivateIpAddress": address}


def _peered(one: Enforcing, *vpc_ids: str) -> str:
    made = one.ec2.create_vpc_peering_connection(VpcId=vpc_ids[0], PeerVpcId=vpc_ids[1])
    peering_id = str(made["VpcPeeringConnection"]["VpcPeeringConnectionId"])
    one.ec2.accept_vpc_peering_connection(VpcPeeringConnectionId=peering_id)
    return peering_id


def test_another_vpc_behind_a_peering() -> None:
    """Flows across a peering are over with it, so that another VPC of the same block does not take them up."""
    with enforcing() as one:
        (here, at), (there, old), (beyond, new) = (
            _vpc(one, f"10.{each}.0.0/24", f"10.{each}.0.5") for each in (1, 2, 2)
        )
        peering_id = _peered(one, here, there)
        group_id = _group(one, "servers", here, "10.2.0.5/32")
        [server] = one.run_instances(1, SecurityGroupIds=[group_id], **at)
        [client], [other] = one.run_instances(1, **old), one.run_instances(1, **new)
        with (
            _program(one, server, "10.1.0.5", PORT) as answering,
            _program(one, client, "10.2.0.5", FROM) as calling,
            _program(one, other, "10.2.0.5", FROM) as taking,
        ):
            until(lambda: _converse(calling, answering))
            rule = {"IpProtocol": "udp", "FromPort": PORT, "ToPort": PORT, "IpRanges": [{"CidrIp": "10.2.0.5/32"}]}
            one.applied(one.ec2.revoke_security_group_ingress(GroupId=group_id, IpPermissions=[rule]))
            assert _converse(calling, answering)
            one.ec2.delete_vpc_peering_connection(VpcPeeringConnectionId=peering_id)
            _peered(one, here, beyond)
            open_ = rule | {"FromPort": PORT + 1, "ToPort": PORT + 1}
            one.applied(one.ec2.authorize_security_group_ingress(GroupId=group_id, IpPermissions=[open_]))
            with _program(one, server, "10.1.0.5", PORT + 1) as also:
                until(lambda: _reaches(taking, also))  # the two do meet
            assert not _reaches(taking, answering)
