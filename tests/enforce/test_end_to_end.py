"""From a call of boto3 to packets: a server that enforces, with instances that are real."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError

import groupwall
from groupwall.enforce.agent.control import agent_of
from tests.enforce.servers import IMAGE, Enforcing, enforcing, enforcing_on, importable, python, until
from tests.serving import PATIENCE

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
        with one.listening(server, PORT):
            assert not one.reaches(client, server, PORT)
            one.applied(one.ec2.authorize_security_group_ingress(GroupId=group_id, IpPermissions=[RULE]))
        with one.connection(client, server, PORT) as there:
            one.applied(one.ec2.revoke_security_group_ingress(GroupId=group_id, IpPermissions=[RULE]))
            assert not one.reaches(client, server, PORT)
            assert there.speaks()


def test_a_script_may_run_and_wait() -> None:
    """What is run, and a rule that follows at once, is pending until the instance is there, and applied then.

    Issue 6, 6 (inferred).
    """
    with enforcing() as one:
        one.run_instances(1)
        group_id = _group(one)
        ran = one.ec2.run_instances(ImageId=IMAGE, MinCount=5, MaxCount=5, SecurityGroupIds=[group_id])
        opened = one.ec2.authorize_security_group_ingress(GroupId=group_id, IpPermissions=[RULE])
        one.applied(opened)
        assert {each["NetworkInterfaces"][0]["NetworkInterfaceId"] for each in ran["Instances"]} <= {*one.enforced()}
        one.applied(ran)
        one.applied(one.ec2.run_instances(ImageId=IMAGE, MinCount=1, MaxCount=1))


def test_a_revoke_stops_what_is_untracked() -> None:
    """A session that anyone could begin stops with its rule, since answers may go anywhere too: reference 20 [docs]."""
    with enforcing() as one:
        group_id = _group(one)
        [client] = one.run_instances(1)
        [server] = one.run_instances(1, SecurityGroupIds=[group_id])
        anyone = RULE | {"IpRanges": [{"CidrIp": "0.0.0.0/0"}]}
        near = RULE | {"FromPort": PORT + 1, "ToPort": PORT + 1}
        one.applied(one.ec2.authorize_security_group_ingress(GroupId=group_id, IpPermissions=[anyone, near]))
        with one.connection(client, server, PORT) as gone, one.connection(client, server, PORT + 1) as kept:
            one.applied(one.ec2.revoke_security_group_ingress(GroupId=group_id, IpPermissions=[anyone, near]))
            assert (gone.speaks(), kept.speaks()) == (False, True)


def test_the_agent_trusts_its_server() -> None:
    """Over https the agent asks with the certificate that its server was given (inferred)."""
    with enforcing(secure=True) as one:
        assert one.server.url.startswith("https://")
        [instance] = one.run_instances(1)
        assert instance["InstanceId"] in one.made()


def _revoked_by_tag(one: Enforcing, group_id: str) -> None:
    one.ec2.create_tags(Resources=[group_id], Tags=[{"Key": "groupwall:existing-flows", "Value": "cut"}])
    one.applied(one.ec2.revoke_security_group_ingress(GroupId=group_id, IpPermissions=[RULE]))


def _revoked_by_option(one: Enforcing, group_id: str) -> None:
    given = json.dumps({"GroupId": group_id, "IpPermissions": [RULE]})
    call = {"Operation": "RevokeSecurityGroupIngress", "Parameters": given}
    one.applied(one.own.apply_changes(Calls=[call], ExistingFlows="cut"))


@pytest.mark.parametrize("revoke", [_revoked_by_tag, _revoked_by_option])
def test_a_revoke_may_cut(revoke: Callable[[Enforcing, str], None]) -> None:
    """On request a revoke ends the connections that it no longer permits, and no others (issue 6; inferred)."""
    with enforcing() as one:
        group_id = _group(one)
        [client] = one.run_instances(1)
        [server] = one.run_instances(1, SecurityGroupIds=[group_id])
        other = RULE | {"FromPort": PORT + 1, "ToPort": PORT + 1}
        one.applied(one.ec2.authorize_security_group_ingress(GroupId=group_id, IpPermissions=[RULE, other]))
        with one.connection(client, server, PORT) as gone, one.connection(client, server, PORT + 1) as kept:
            revoke(one, group_id)
            assert (gone.speaks(), kept.speaks()) == (False, True)


def test_instances_come_and_go() -> None:
    """An instance is a namespace for as long as it runs, and its VPC's router is one as long as any does.

    Reference 17 [docs]; that a stopped instance has none is inferred.
    """
    with enforcing() as one:
        [first, second] = one.run_instances(2)
        first_id, second_id = first["InstanceId"], second["InstanceId"]
        assert one.made() == {first_id, second_id, first["VpcId"]}
        one.ec2.stop_instances(InstanceIds=[first_id])
        until(lambda: first_id not in one.made())
        one.ec2.start_instances(InstanceIds=[first_id])
        until(lambda: first_id in one.made())
        one.ec2.terminate_instances(InstanceIds=[first_id, second_id])
        until(lambda: one.made() == set())
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
            assert one.reaches(client, server, PORT)
            with enforcing_on(one.root, one.names) as again:
                until(lambda: len(again.enforced()) == 2)
                again.applied(again.ec2.revoke_security_group_ingress(GroupId=group_id, IpPermissions=[RULE]))
                assert not again.reaches(client, server, PORT)


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


def _refused(store: Path, state: Path, path: str) -> str:
    """Return why a server does not start with these folders; it says so plainly, and has made neither.

    path: where its Python finds what it imports.
    """
    paths = ("--data", str(store), "--state", str(state))
    ended = subprocess.run(  # noqa: S603 - our own words only
        [python(), "-m", "groupwall.cli", "serve", "--port", "0", "--auth", "iam", "--enforce", "nft", *paths],
        check=False, capture_output=True, text=True, timeout=PATIENCE, cwd="/", env={**os.environ, "PYTHONPATH": path},
    )  # fmt: skip
    assert (ended.returncode, "Traceback" in ended.stderr) == (2, False), ended.stderr
    assert (store.exists(), state.exists()) == (False, False)
    return " ".join(ended.stderr.replace("│", " ").split())


@pytest.fixture
def open_folder() -> Iterator[Path]:
    """A folder that others than root can reach."""
    made = Path(tempfile.mkdtemp(prefix="groupwall-"))
    made.chmod(0o755)
    yield made
    shutil.rmtree(made)


def test_a_store_out_of_reach_is_told(open_folder: Path) -> None:
    """A server that could not reach its store as its user ends before it made anything, and says why (inferred)."""
    closed = open_folder / "closed"
    closed.mkdir(mode=0o700)
    told = _refused(closed / "data", open_folder / "agent", importable())
    assert f"nobody cannot reach {closed}, where the store would lie" in told


def test_folders_that_mix_are_told(open_folder: Path) -> None:
    """The store's folder is given to the server's user, so the agent's may not be the same one (inferred)."""
    told = _refused(open_folder / "one", open_folder / "one", importable())
    assert "must be apart, neither within the other" in told


def test_a_program_out_of_reach_is_told(open_folder: Path) -> None:
    """A server whose code its user could not read ends before it made anything, and says why (inferred).

    So it is where groupwall lies in root's home.
    """
    closed = open_folder / "closed"
    closed.mkdir(mode=0o700)
    shutil.copytree(Path(groupwall.__file__).parent, closed / "groupwall", ignore=shutil.ignore_patterns("__pycache__"))
    others = os.pathsep.join([str(closed), *importable().split(os.pathsep)[1:]])
    told = _refused(open_folder / "data", open_folder / "agent", others)
    assert f"nobody cannot reach {closed}/groupwall/commands/reach.py" in told
    assert "install groupwall, and a Python for it, where others than root may go" in told


def test_the_agent_may_do_little() -> None:
    """The agent's key is for the agents' two operations alone (inferred)."""
    with enforcing() as one:
        words = (one.root / "agent" / "agent.credentials").read_text().split()
        key = {"aws_access_key_id": words[3], "aws_secret_access_key": words[6]}
        ec2 = boto3.client("ec2", endpoint_url=one.server.url, region_name="us-east-1", **key)
        with pytest.raises(ClientError, match="UnauthorizedOperation"):
            ec2.describe_security_groups()


def _vpc(one: Enforcing, block: str) -> tuple[str, dict[str, str]]:
    """Make a VPC; return its id, and where an instance runs in it."""
    vpc_id = one.ec2.create_vpc(CidrBlock=block)["Vpc"]["VpcId"]
    return vpc_id, {"SubnetId": one.ec2.create_subnet(VpcId=vpc_id, CidrBlock=block)["Subnet"]["SubnetId"]}


def test_peered_vpcs_meet() -> None:
    """VPCs reach each other while a peering connection is active, as far as rules let them (reference 13 [docs])."""
    with enforcing() as one:
        (first_vpc, there), (second_vpc, here) = _vpc(one, "10.1.0.0/24"), _vpc(one, "10.2.0.0/24")
        [client] = one.run_instances(1, **there)
        [server] = one.run_instances(1, **here)
        [group] = server["SecurityGroups"]
        rule = RULE | {"IpRanges": [{"CidrIp": "10.1.0.0/24"}]}
        one.applied(one.ec2.authorize_security_group_ingress(GroupId=group["GroupId"], IpPermissions=[rule]))
        with one.listening(server, PORT):
            assert not one.reaches(client, server, PORT)
            made = one.ec2.create_vpc_peering_connection(VpcId=first_vpc, PeerVpcId=second_vpc)
            peering_id = made["VpcPeeringConnection"]["VpcPeeringConnectionId"]
            one.ec2.accept_vpc_peering_connection(VpcPeeringConnectionId=peering_id)
            until(lambda: one.reaches(client, server, PORT))
            one.ec2.delete_vpc_peering_connection(VpcPeeringConnectionId=peering_id)
            until(lambda: not one.reaches(client, server, PORT))


def test_an_instance_may_have_two_interfaces() -> None:
    """A second interface is a device of its own, in its own groups, from its attachment on (reference 14 [docs])."""
    with enforcing() as one:
        [instance] = one.run_instances(1)
        made = one.ec2.create_network_interface(SubnetId=instance["SubnetId"])["NetworkInterface"]
        interface_id = made["NetworkInterfaceId"]
        one.ec2.attach_network_interface(
            NetworkInterfaceId=interface_id, InstanceId=instance["InstanceId"], DeviceIndex=1
        )
        until(lambda: interface_id in one.enforced())
        shown = one.command("exec", instance["InstanceId"], "--", "cat", "/proc/net/fib_trie").out
        assert {made["PrivateIpAddress"], instance["PrivateIpAddress"]} <= set(shown.split())


def _change(one: Enforcing, group_id: str) -> dict[str, Any]:
    return dict(one.ec2.authorize_security_group_ingress(GroupId=group_id, IpPermissions=[RULE]))


def test_an_agent_that_is_killed_is_started_again() -> None:
    """What holds stays, a new agent takes it up within seconds, and changes reach the kernel again (inferred)."""
    with enforcing() as one:
        group_id = _group(one)
        [client] = one.run_instances(1)
        [server] = one.run_instances(1, SecurityGroupIds=[group_id])
        one.applied(_change(one, group_id))
        first = agent_of(one.root / "agent")
        assert first
        os.kill(first, signal.SIGKILL)
        reply = one.ec2.revoke_security_group_ingress(GroupId=group_id, IpPermissions=[RULE])
        one.applied(reply)
        with one.listening(server, PORT):
            assert not one.reaches(client, server, PORT)
            one.applied(_change(one, group_id))
            assert one.reaches(client, server, PORT)
        assert agent_of(one.root / "agent") not in {None, first}
        assert "the agent has ended (-9)" in (one.root / "log").read_text()


def test_an_agent_that_nobody_starts_again_is_told() -> None:
    """The server goes on without any agent, says that changes reach the kernel no more, and so does the next answer.

    DESIGN 4.8: never `applied` (inferred).
    """
    with enforcing() as one:
        [instance] = one.run_instances(1)
        pid, agent = one.server.process.pid, agent_of(one.root / "agent")
        assert agent
        [parent] = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
        for each in (int(parent), agent):
            os.kill(each, signal.SIGKILL)
        until(lambda: "what starts the agent again has ended" in (one.root / "log").read_text())
        reply = _change(one, instance["SecurityGroups"][0]["GroupId"])
        revision = int(reply["ResponseMetadata"]["HTTPHeaders"]["x-groupwall-revision"])
        assert one.own.describe_propagation(Revision=revision)["State"] == "pending"
