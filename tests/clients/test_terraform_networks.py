"""Terraform's ``aws_ec2_managed_prefix_list`` and ``aws_network_interface``: clients 3."""

from __future__ import annotations

from tests.clients.terraform import NAMED, OWNER, Ec2, Json, code, tagged, told, until


def test_prefix_list(ec2: Ec2) -> None:
    """A list's size, its entries, their descriptions and its name change in calls of their own: clients 3."""
    entries = [{"Cidr": "192.0.2.0/24", "Description": "first"}, {"Cidr": "198.51.100.0/24"}]
    made = ec2.create_managed_prefix_list(
        PrefixListName="office", AddressFamily="IPv4", MaxEntries=2, Entries=entries,
        TagSpecifications=tagged("prefix-list"),
    )["PrefixList"]  # fmt: skip
    list_id = made["PrefixListId"]

    def read() -> Json:
        found: Json = ec2.describe_managed_prefix_lists(PrefixListIds=[list_id])["PrefixLists"][0]
        return found

    def settled() -> Json:
        return until(read, "State", "-complete")

    def listed() -> list[Json]:
        pages = ec2.get_paginator("get_managed_prefix_list_entries").paginate(PrefixListId=list_id)
        return [entry for page in pages for entry in page["Entries"]]

    new = settled()
    told(new, State="create-complete", Version=1, MaxEntries=2, AddressFamily="IPv4", PrefixListName="office")
    told(new, OwnerId=OWNER, Tags=NAMED)
    assert new["PrefixListArn"].endswith(f":prefix-list/{list_id}")
    assert sorted(listed(), key=lambda entry: str(entry["Cidr"])) == entries

    ec2.modify_managed_prefix_list(PrefixListId=list_id, MaxEntries=5)
    told(settled(), MaxEntries=5, Version=1)
    removed, added = [{"Cidr": "192.0.2.0/24"}], [entries[0] | {"Description": "second"}]
    change = {"PrefixListId": list_id, "PrefixListName": "office", "AddEntries": added}
    both = change | {"CurrentVersion": 1, "RemoveEntries": removed}
    assert code(ec2.modify_managed_prefix_list, **both) == "InvalidParameterValue"
    ec2.modify_managed_prefix_list(PrefixListId=list_id, CurrentVersion=1, RemoveEntries=removed)
    ec2.modify_managed_prefix_list(**change, CurrentVersion=settled()["Version"])
    told(settled(), State="modify-complete", Version=3)
    assert {entry.get("Description") for entry in listed()} == {None, "second"}
    ec2.modify_managed_prefix_list(PrefixListId=list_id, PrefixListName="home")
    told(settled(), PrefixListName="home", Version=3)

    ec2.delete_managed_prefix_list(PrefixListId=list_id)
    assert code(read) == code(ec2.delete_managed_prefix_list, PrefixListId=list_id) == "InvalidPrefixListID.NotFound"


def test_network_interface(ec2: Ec2, peers: dict[str, str]) -> None:
    """An interface's addresses, check, groups and description change in calls of their own: clients 3."""
    made = ec2.create_subnet(VpcId=peers["vpc"], CidrBlock="10.0.1.0/24", TagSpecifications=tagged("subnet"))
    subnet_id = made["Subnet"]["SubnetId"]
    made = ec2.create_network_interface(
        ClientToken="terraform-20260101000000000000000001", SubnetId=subnet_id, Description="first",
        Groups=[peers["web"]], TagSpecifications=tagged("network-interface"),
        PrivateIpAddresses=[{"PrivateIpAddress": "10.0.1.10", "Primary": True}, {"PrivateIpAddress": "10.0.1.11"}],
    )["NetworkInterface"]  # fmt: skip
    interface = {"NetworkInterfaceId": made["NetworkInterfaceId"]}

    def read() -> Json:
        found: Json = ec2.describe_network_interfaces(NetworkInterfaceIds=list(interface.values()))
        return found["NetworkInterfaces"][0]

    now = until(read, "Status", "available")
    told(now, SubnetId=subnet_id, VpcId=peers["vpc"], OwnerId=OWNER, TagSet=NAMED, SourceDestCheck=True)
    told(now, InterfaceType="interface", PrivateIpAddress="10.0.1.10", Description="first")
    assert [each["PrivateIpAddress"] for each in now["PrivateIpAddresses"]] == ["10.0.1.10", "10.0.1.11"]
    assert [each["GroupId"] for each in now["Groups"]] == [peers["web"]]
    assert code(ec2.delete_security_group, GroupId=peers["web"]) == "DependencyViolation"

    ec2.unassign_private_ip_addresses(**interface, PrivateIpAddresses=["10.0.1.11"])
    ec2.assign_private_ip_addresses(**interface, PrivateIpAddresses=["10.0.1.12"])
    ec2.assign_private_ip_addresses(**interface, SecondaryPrivateIpAddressCount=1)
    ec2.modify_network_interface_attribute(**interface, SourceDestCheck={"Value": False})
    ec2.modify_network_interface_attribute(**interface, Groups=[peers["jump"], peers["web"]])
    ec2.modify_network_interface_attribute(**interface, Description={"Value": "second"})
    now = read()
    told(now, SourceDestCheck=False, Description="second")
    assert [each["Primary"] for each in now["PrivateIpAddresses"]] == [True, False, False]
    assert {each["GroupId"] for each in now["Groups"]} == {peers["jump"], peers["web"]}

    ec2.delete_network_interface(**interface)
    assert code(read) == code(ec2.delete_network_interface, **interface) == "InvalidNetworkInterfaceID.NotFound"


def test_attachment(ec2: Ec2, peers: dict[str, str]) -> None:
    """An interface is attached to an instance, read by its attachment, and detached with force before its end."""
    made = ec2.create_subnet(VpcId=peers["vpc"], CidrBlock="10.0.2.0/24")["Subnet"]
    run = ec2.run_instances(ImageId="ami-0123456789abcdef0", MinCount=1, MaxCount=1, SubnetId=made["SubnetId"])
    instance_id = run["Instances"][0]["InstanceId"]
    made = ec2.create_network_interface(SubnetId=made["SubnetId"], Groups=[peers["web"]])["NetworkInterface"]
    interface = {"NetworkInterfaceId": made["NetworkInterfaceId"]}
    attachment_id = ec2.attach_network_interface(**interface, InstanceId=instance_id, DeviceIndex=1)["AttachmentId"]
    wanted = [{"Name": "attachment.attachment-id", "Values": [attachment_id]}]

    def read() -> list[Json]:
        found: list[Json] = ec2.describe_network_interfaces(Filters=wanted)["NetworkInterfaces"]
        return found

    attachment = until(lambda: read()[0]["Attachment"], "Status", "attached")
    told(attachment, AttachmentId=attachment_id, InstanceId=instance_id, DeviceIndex=1)
    ec2.detach_network_interface(AttachmentId=attachment_id, Force=True)
    assert read() == []
    gone = code(ec2.detach_network_interface, AttachmentId=attachment_id, Force=True)
    assert gone == "InvalidAttachmentID.NotFound"
    ec2.delete_network_interface(**interface)
    ec2.terminate_instances(InstanceIds=[instance_id])
