"""DescribeInstances and DescribeInstanceStatus: filters, pages, ids, what a call costs [model, clients 6]."""

from __future__ import annotations

import contextlib
import sqlite3
from pathlib import Path

import pytest

from groupwall.store.sqlite import FILE, Store
from tests import scenes
from tests.counting import Counting
from tests.driver import Wall
from tests.ops.test_instances import AMI, described, interfaces, run, run_one
from tests.scenes import Json, refusal


def _filtered(wall: Wall, name: str, *values: str, call: str = "DescribeInstances") -> list[str]:
    wanted = [{"Name": name, "Values": list(values)}]
    if call == "DescribeInstances":
        found = [one for of in wall.call(call, Filters=wanted)["Reservations"] for one in of["Instances"]]
    else:
        found = wall.call(call, Filters=wanted, IncludeAllInstances=True)["InstanceStatuses"]
    return [one["InstanceId"] for one in found]


class Two:
    """A wall with a running instance named ``web``, and one in a VPC of its own that is stopped."""

    def __init__(self, wall: Wall) -> None:
        self.group = scenes.create_group(wall)
        tags = [{"ResourceType": kind, "Tags": [{"Key": "Name", "Value": "web"}]} for kind in _TAGGED]
        devices = [{
            "DeviceIndex": 0, "Groups": [self.group], "Description": "front", "SecondaryPrivateIpAddressCount": 1,
        }]  # fmt: skip
        web = run_one(wall, NetworkInterfaces=devices, TagSpecifications=tags, EbsOptimized=True, KeyName="mine")
        vpc_id = scenes.create_vpc(wall)
        subnet = wall.call("CreateSubnet", VpcId=vpc_id, CidrBlock="10.0.0.0/24", AvailabilityZone="us-east-1b")
        wall.clock.advance(1.5)
        given = {"InstanceType": "t3.nano", "Monitoring": {"Enabled": True}, "ImageId": "ami-00000002"}
        profile = {"IamInstanceProfile": {"Name": "p"}, "Placement": {"Tenancy": "dedicated"}}
        other = run_one(wall, SubnetId=subnet["Subnet"]["SubnetId"], **given, **profile)
        wall.call("StopInstances", InstanceIds=[other])
        self.ids = {"web": web, "other": other}
        self.web, self.other = described(wall, web), described(wall, other)

    def names(self, ids: list[str]) -> str:
        """Return the instances found, by their names here, in order of the names."""
        return " ".join(sorted(name for name, instance_id in self.ids.items() if instance_id in ids))


_TAGGED = ("instance", "network-interface")


@pytest.fixture
def two(wall: Wall) -> Two:
    """Two instances that differ in everything."""
    return Two(wall)


FILTERS: list[tuple[str, str, str]] = [
    ("availability-zone", "us-east-1a", "web"),
    ("availability-zone-id", "use1-az2", "other"),
    ("ebs-optimized", "true", "web"),
    ("iam-instance-profile.arn", "arn:aws:iam::*:instance-profile/p", "other"),
    ("image-id", AMI, "web"),
    ("instance-id", "{other.InstanceId}", "other"),
    ("instance-state-code", "16", "web"),
    ("instance-state-code", "80", "other"),
    ("instance-state-name", "stopped", "other"),
    ("instance-state-name", "pending", ""),
    ("instance-type", "t3.*", "other"),
    ("instance.group-id", "{group}", "web"),
    ("instance.group-name", "web", "web"),
    ("instance.group-name", "default", "other"),
    ("key-name", "mine", "web"),
    ("launch-index", "0", "other web"),
    ("launch-time", "2026-09-21T14:13:20.000Z", "web"),
    ("launch-time", "2026-09-21T14:13:21.500Z", "other"),
    ("launch-time", "2026-09-21T*", "other web"),
    ("monitoring-state", "enabled", "other"),
    ("owner-id", "123456789012", "other web"),
    ("private-dns-name", "ip-10-0-0-4.ec2.internal", "other"),
    ("private-ip-address", "172.31.0.4", "web"),
    ("private-ip-address", "172.31.0.5", ""),
    ("reason", "User initiated*", "other"),
    ("reservation-id", "r-*", "other web"),
    ("source-dest-check", "true", "other web"),
    ("state-reason-code", "Client.UserInitiatedShutdown", "other"),
    ("state-reason-message", "*shutdown", "other"),
    ("subnet-id", "{web.SubnetId}", "web"),
    ("tag:Name", "w*", "web"),
    ("tag-key", "Name", "web"),
    ("tag-value", "web", "web"),
    ("tenancy", "dedicated", "other"),
    ("vpc-id", "{other.VpcId}", "other"),
    ("ip-address", "*", ""),
    ("dns-name", "*", ""),
    ("operator.managed", "false", "other web"),
    ("network-interface.addresses.private-ip-address", "172.31.0.5", "web"),
    ("network-interface.addresses.primary", "false", "web"),
    ("network-interface.addresses.private-dns-name", "ip-172-31-0-5.ec2.internal", "web"),
    ("network-interface.attachment.attachment-id", "{attachment}", "web"),
    ("network-interface.attachment.device-index", "0", "other web"),
    ("network-interface.attachment.instance-id", "{web.InstanceId}", "web"),
    ("network-interface.attachment.status", "attached", "other web"),
    ("network-interface.availability-zone", "us-east-1b", "other"),
    ("network-interface.description", "fr?nt", "web"),
    ("network-interface.group-id", "{group}", "web"),
    ("network-interface.group-name", "web", "web"),
    ("network-interface.mac-address", "02:*", "other web"),
    ("network-interface.network-interface-id", "{interface}", "web"),
    ("network-interface.private-dns-name", "ip-172-31-0-4.ec2.internal", "web"),
    ("network-interface.private-ip-address", "10.0.0.4", "other"),
    ("network-interface.requester-managed", "false", "other web"),
    ("network-interface.source-dest-check", "false", ""),
    ("network-interface.status", "in-use", "other web"),
    ("network-interface.subnet-id", "{other.SubnetId}", "other"),
    ("network-interface.tag-key", "Name", "web"),
    ("network-interface.tag-value", "web", "web"),
    ("network-interface.vpc-id", "{web.VpcId}", "web"),
    ("network-interface.association.public-ip", "*", ""),
]


@pytest.mark.parametrize(("name", "value", "found"), FILTERS)
def test_filters(wall: Wall, two: Two, name: str, value: str, found: str) -> None:
    """Each filter finds those instances that are so, and no others [model]."""
    interface = two.web["NetworkInterfaces"][0]
    places = {"interface": interface["NetworkInterfaceId"], "attachment": interface["Attachment"]["AttachmentId"]}
    for owner, instance in (("web", two.web), ("other", two.other)):
        places |= {f"{owner}.{member}": text for member, text in instance.items() if isinstance(text, str)}
    for place, text in (places | {"group": two.group}).items():
        value = value.replace("{" + place + "}", text)
    assert two.names(_filtered(wall, name, value)) == found


def test_ipv6_filters(wall: Wall) -> None:
    """An instance is found by an IPv6 address of one of its interfaces [model]."""
    vpc_id = scenes.create_vpc(wall, AmazonProvidedIpv6CidrBlock=True)
    [vpc] = wall.call("DescribeVpcs", VpcIds=[vpc_id])["Vpcs"]
    block = vpc["Ipv6CidrBlockAssociationSet"][0]["Ipv6CidrBlock"].replace("/56", "/64")
    made = wall.call("CreateSubnet", VpcId=vpc_id, CidrBlock="10.0.0.0/24", Ipv6CidrBlock=block)["Subnet"]
    first, _ = run(wall, 2, SubnetId=made["SubnetId"], Ipv6AddressCount=1)
    beginning = "network-interface."
    for name in ("ipv6-address", f"{beginning}ipv6-address", f"{beginning}ipv6-addresses.ipv6-address"):
        assert _filtered(wall, name, first["Ipv6Address"]) == [first["InstanceId"]]


@pytest.mark.parametrize(
    ("name", "value", "found"),
    [
        ("availability-zone", "us-east-1b", "other"), ("availability-zone-id", "use1-az1", "web"),
        ("instance-state-code", "80", "other"), ("instance-state-name", "running", "web"),
        ("instance-status.status", "ok", "web"), ("instance-status.reachability", "passed", "web"),
        ("system-status.status", "not-applicable", "other"), ("system-status.reachability", "failed", ""),
        ("attached-ebs-status.status", "ok", "web"), ("event.code", "*", ""),
        ("operator.managed", "false", "other web"),
    ],
)  # fmt: skip
def test_status_filters(wall: Wall, two: Two, name: str, value: str, found: str) -> None:
    """Each filter finds those instances whose status is so [model]."""
    assert two.names(_filtered(wall, name, value, call="DescribeInstanceStatus")) == found


def test_the_status_of_what_runs(wall: Wall, two: Two) -> None:
    """Only what runs has a status, unless all are asked for; what runs is in order [model]."""
    passed = {"Status": "ok", "Details": [{"Name": "reachability", "Status": "passed"}]}
    [status] = wall.call("DescribeInstanceStatus")["InstanceStatuses"]
    assert status == {
        "InstanceId": two.ids["web"], "AvailabilityZone": "us-east-1a", "AvailabilityZoneId": "use1-az1",
        "InstanceState": {"Code": 16, "Name": "running"},
        "InstanceStatus": passed, "SystemStatus": passed, "AttachedEbsStatus": passed,
    }  # fmt: skip
    asked = {"InstanceIds": [two.ids["other"]]}
    assert wall.call("DescribeInstanceStatus", **asked) == {"InstanceStatuses": []}
    [status] = wall.call("DescribeInstanceStatus", **asked, IncludeAllInstances=True)["InstanceStatuses"]
    assert status["SystemStatus"] == {"Status": "not-applicable"}


@pytest.mark.parametrize(
    ("name", "listing"), [("DescribeInstances", "Reservations"), ("DescribeInstanceStatus", "InstanceStatuses")]
)
def test_pages(wall: Wall, name: str, listing: str) -> None:
    """Pages hold every instance once; they are not for ids, nor of another size [model]."""
    launched = [run_one(wall) for _ in range(12)]
    found: list[str] = []
    asked: Json = {"MaxResults": 5}
    while True:
        page = wall.call(name, **asked)
        found += [
            one["Instances"][0]["InstanceId"] if "Instances" in one else one["InstanceId"] for one in page[listing]
        ]
        if "NextToken" not in page:
            break
        asked["NextToken"] = page["NextToken"]
    assert sorted(found) == sorted(launched)
    assert refusal(wall, name, MaxResults=4).startswith("InvalidParameterValue: ")
    assert refusal(wall, name, MaxResults=1001).startswith("InvalidParameterValue: ")
    assert refusal(wall, name, MaxResults=5, InstanceIds=launched).startswith("InvalidParameterCombination: ")
    assert refusal(wall, name, NextToken="x").startswith("InvalidParameterValue: ")


def test_a_reservation_gathers_its_instances(wall: Wall) -> None:
    """What was launched together is described together, in the order of the launch [model]."""
    launches = [run(wall, 3), run(wall, 2)]
    found = wall.call("DescribeInstances")["Reservations"]
    assert sorted([[one["InstanceId"] for one in of["Instances"]] for of in found]) == sorted(
        [one["InstanceId"] for one in launched] for launched in launches
    )
    assert {of["OwnerId"] for of in found} == {"123456789012"}


@pytest.mark.parametrize("name", ["DescribeInstances", "DescribeInstanceStatus"])
def test_ids(wall: Wall, two: Two, name: str) -> None:
    """An id that is unknown or malformed refuses the whole call; ids and filters are joined by and [issue]."""
    web = two.ids["web"]
    assert refusal(wall, name, InstanceIds=[web, "i-00000000"]).startswith("InvalidInstanceID.NotFound: ")
    assert refusal(wall, name, InstanceIds=["x"]).startswith("InvalidInstanceID.Malformed: ")
    other = [{"Name": "instance-state-name", "Values": ["stopped"]}]
    assert list(wall.call(name, InstanceIds=[web], Filters=other).values()) == [[]]


def _statements(wall: Wall, folder: Path) -> dict[str, int]:
    """Return how many statements each call makes on what the wall holds, which ends with it."""
    counted = {}
    instance, group = run_one(wall), scenes.create_group(wall, "measured")
    wall.copy_to(folder)
    with contextlib.closing(sqlite3.connect(folder / FILE, isolation_level=None, factory=Counting)) as connection:
        wall.app.store = Store(connection, str(folder), contextlib.ExitStack())
        calls: list[tuple[str, Json]] = [
            ("DescribeInstances", {}), ("DescribeInstanceStatus", {}),
            ("DescribeInstances", {"InstanceIds": [instance]}),
            ("RunInstances", {"ImageId": AMI, "MinCount": 1, "MaxCount": 1}),
            ("ModifyInstanceAttribute", {"InstanceId": instance, "Groups": [group]}),
            ("StopInstances", {"InstanceIds": [instance]}), ("TerminateInstances", {"InstanceIds": [instance]}),
        ]  # fmt: skip
        for name, params in calls:
            before = connection.statements
            wall.call(name, **params)
            counted[f"{name} {sorted(params)}"] = connection.statements - before
    return counted


def test_the_account_does_not_count(tmp_path: Path) -> None:
    """A call makes as many statements among fifty instances as alone: docs/decisions/0006."""
    with Wall() as small, Wall() as large:
        run(large, 50)
        assert len(interfaces(large)) == 50
        (tmp_path / "small").mkdir()
        (tmp_path / "large").mkdir()
        assert _statements(small, tmp_path / "small") == _statements(large, tmp_path / "large")
