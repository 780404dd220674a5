"""From a call of boto3 to packets: a server that enforces, with instances that are real."""

from __future__ import annotations

from pathlib import Path

import boto3
import pytest
from botocore.exceptions import ClientError

from tests.enforce.servers import Enforcing, enforcing, enforcing_on, until

PORT = 8080
RULE = {"IpProtocol": "tcp", "FromPort": PORT, "ToPort": PORT, "IpRanges": [{"CidrIp": "172.31.0.0/16"}]}


def _group(one: Enforcing, name: str = "web") -> str:
    return str(one.ec2.create_security_group(GroupName=name, Description="of a test")["GroupId"])


def test_a_revoke_stops_packets() -> None:
    """Authorized, a connection comes about; revoked, the next one does not, and the one that is there lives.

    Reference 20 [docs]: "rule changes are propagated to instances", and what is tracked lives on.
    """
    with enforcing() as one:
        group_id = _group(one)
        [client] = one.run_instances(1)
        [server] = one.run_instances(1, SecurityGroupIds=[group_id])
        with one.listening(server, PORT) as listening:
            assert one.connected(client, server, PORT) is None
            one.applied(one.ec2.authorize_security_group_ingress(GroupId=group_id, IpPermissions=[RULE]))
            there = one.connected(client, server, PORT)
            assert there
            answering, _ = listening.accept()
            one.applied(one.ec2.revoke_security_group_ingress(GroupId=group_id, IpPermissions=[RULE]))
            assert one.connected(client, server, PORT) is None
            answering.settimeout(5)
            there.sendall(b"still here")
            assert answering.recv(100) == b"still here"
            there.close()
            answering.close()


def test_instances_come_and_go() -> None:
    """An instance is a namespace for as long as it runs, and its VPC's router is one as long as any does.

    Reference 17 [docs]; that a stopped instance has none is inferred.
    """
    with enforcing() as one:
        [first, second] = one.run_instances(2)
        first_id, second_id = first["InstanceId"], second["InstanceId"]
        assert set(one.namespaces.ids()) == {first_id, second_id, first["VpcId"]}
        one.ec2.stop_instances(InstanceIds=[first_id])
        until(lambda: first_id not in one.namespaces.ids())
        one.ec2.start_instances(InstanceIds=[first_id])
        until(lambda: first_id in one.namespaces.ids())
        one.ec2.terminate_instances(InstanceIds=[first_id, second_id])
        until(lambda: one.namespaces.ids() == [])
        until(lambda: one.enforced() == [])


def test_rules_outlive_the_programs() -> None:
    """Whoever is killed, what was enforced stays enforced; a new start takes it up, and goes on.

    DESIGN 4.8: fail static (inferred).
    """
    with enforcing() as one:
        group_id = _group(one)
        [client] = one.run_instances(1)
        [server] = one.run_instances(1, SecurityGroupIds=[group_id])
        with one.listening(server, PORT):
            one.applied(one.ec2.authorize_security_group_ingress(GroupId=group_id, IpPermissions=[RULE]))
            one.server.kill()
            there = one.connected(client, server, PORT)
            assert there
            there.close()
            with enforcing_on(one.root, one.names) as again:
                until(lambda: len(again.enforced()) == 2)
                again.applied(again.ec2.revoke_security_group_ingress(GroupId=group_id, IpPermissions=[RULE]))
                assert again.connected(client, server, PORT) is None


def test_root_is_left_behind() -> None:
    """What reads requests is not root and cannot be again, and the store belongs to its user.

    The agent's folder does not. DESIGN 4.8 (inferred).
    """
    with enforcing() as one:
        status = Path(f"/proc/{one.server.process.pid}/status").read_text().splitlines()
        told = dict(line.split(":", 1) for line in status)
        assert "0" not in told["Uid"].split()
        assert "0" not in told["Gid"].split()
        assert (told["Groups"].strip(), int(told["CapPrm"], 16), int(told["CapEff"], 16)) == ("", 0, 0)
        owner = (one.root / "data").stat().st_uid
        assert str(owner) in told["Uid"].split()
        assert {file.stat().st_uid for file in (one.root / "data").iterdir()} == {owner}
        assert (one.root / "agent").stat().st_mode & 0o077 == 0


def test_the_agent_may_do_little() -> None:
    """The agent's key is for the agents' two operations alone (inferred)."""
    with enforcing() as one:
        words = (one.root / "agent" / "agent.credentials").read_text().split()
        key = {"aws_access_key_id": words[3], "aws_secret_access_key": words[6]}
        ec2 = boto3.client("ec2", endpoint_url=one.server.url, region_name="us-east-1", **key)
        with pytest.raises(ClientError, match="UnauthorizedOperation"):
            ec2.describe_security_groups()
