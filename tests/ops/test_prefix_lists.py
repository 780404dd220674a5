"""Managed prefix lists: made and deleted [reference 15; clients 3]."""

from __future__ import annotations

import pytest

from groupwall.config import Quotas
from tests import scenes
from tests.driver import Wall
from tests.scenes import Json, create_prefix_list, entries_of, prefix_list_of, refusal, tcp

NO_SUCH = "InvalidPrefixListID.NotFound: The prefix list ID 'pl-00000000' does not exist"
MALFORMED = 'InvalidPrefixListId.Malformed: Invalid id: "x" (expecting "pl-...")'
NAME = "InvalidParameterValue: Value ({}) for parameter prefixListName is invalid."
FULL = "PrefixListMaxEntriesExceeded: The maximum number of entries of the prefix list has been reached."


@pytest.mark.reference("15 managed prefix lists")
def test_a_new_list(wall: Wall) -> None:
    """The answer says ``create-in-progress``, version 1, no StateMessage; then ``create-complete`` [15, recorded]."""
    given = {"PrefixListName": "All VPC CIDR", "MaxEntries": 2, "AddressFamily": "IPv4"}
    made = wall.call("CreateManagedPrefixList", **given)["PrefixList"]
    found = prefix_list_of(wall, made["PrefixListId"])
    assert (made["State"], made | {"State": "create-complete"}) == ("create-in-progress", found)
    assert found == {
        "PrefixListId": found["PrefixListId"], "AddressFamily": "IPv4", "State": "create-complete",
        "PrefixListArn": f"arn:aws:ec2:us-east-1:123456789012:prefix-list/{found['PrefixListId']}",
        "PrefixListName": "All VPC CIDR", "MaxEntries": 2, "Version": 1, "Tags": [], "OwnerId": "123456789012",
    }  # fmt: skip
    assert found["PrefixListId"].startswith("pl-0")
    assert entries_of(wall, found["PrefixListId"]) == {}


@pytest.mark.parametrize(
    ("family", "given", "kept"),
    [
        ("IPv4", "10.45.0.7/16", "10.45.0.0/16"),
        ("IPv4", "0.0.0.0/0", "0.0.0.0/0"),
        ("IPv6", "2001:0DB8:0:0:0:0:0:5/64", "2001:db8::/64"),
        ("IPv6", "::/0", "::/0"),
    ],
)
def test_entries_are_canonical(wall: Wall, family: str, given: str, kept: str) -> None:
    """An entry is kept as a rule's block is, host bits cleared [reference 3.2, live-test; for lists inferred]."""
    made = create_prefix_list(wall, given, AddressFamily=family)
    assert entries_of(wall, made) == {kept: None}


def test_entries_may_overlap(wall: Wall) -> None:
    """A block within another is an entry of its own; descriptions are told where there are any (inferred)."""
    entries = [{"Cidr": "10.0.0.0/8", "Description": "all"}, {"Cidr": "10.1.0.0/16", "Description": ""}]
    made = create_prefix_list(wall, Entries=entries)
    assert entries_of(wall, made) == {"10.0.0.0/8": "all", "10.1.0.0/16": None}


def _blocks(count: int) -> list[Json]:
    return [{"Cidr": f"10.0.{number}.0/24"} for number in range(count)]


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ({"PrefixListName": ""}, NAME.format("")),
        ({"PrefixListName": "n" * 256}, NAME.format("n" * 256)),
        ({"PrefixListName": "com.amazonaws.mine"}, NAME.format("com.amazonaws.mine")),
        ({"PrefixListName": "COM.AmazonAWS"}, NAME.format("COM.AmazonAWS")),
        ({"MaxEntries": 0}, "InvalidParameterValue: Must specify a max size between 1 and 1000"),
        ({"MaxEntries": 1001}, "InvalidParameterValue: Must specify a max size between 1 and 1000"),
        ({"AddressFamily": "ipv4"}, "InvalidParameterValue: Value (ipv4) for parameter addressFamily is invalid."),
        ({"AddressFamily": "?"}, "InvalidParameterValue: Value (?) for parameter addressFamily is invalid."),
        ({"Entries": _blocks(3)}, FULL),
        (
            {"Entries": _blocks(101), "MaxEntries": 1000},
            "InvalidParameterValue: The number of entries per request cannot exceeds limit (100).",
        ),
        ({"Entries": [{"Cidr": "10.0.0.1"}]}, "InvalidParameterValue: CIDR block 10.0.0.1 is malformed"),
        ({"Entries": [{"Cidr": "::/0"}]}, "InvalidParameterValue: CIDR block ::/0 is malformed"),
        (
            {"Entries": [{"Cidr": "10.0.0.0/8"}], "AddressFamily": "IPv6"},
            "InvalidParameterValue: CIDR block 10.0.0.0/8 is malformed",
        ),
        (
            {"Entries": [{"Cidr": "10.0.0.0/8"}, {"Cidr": "10.0.0.1/8"}]},
            "InvalidParameterValue: Request cannot contain Cidr 10.0.0.0/8 more than once",
        ),
        (
            {"Entries": [{"Cidr": "10.0.0.0/8", "Description": "d" * 256}]},
            "InvalidParameterValue: The description of the entry 10.0.0.0/8 exceeds 255 characters.",
        ),
        ({"TagSpecifications": [{"ResourceType": "vpc", "Tags": []}]}, "InvalidParameterValue: "),
    ],
)
@pytest.mark.reference("15 managed prefix lists")
def test_what_no_list_can_be(wall: Wall, given: Json, told: str) -> None:
    """Names, sizes, families and entries are checked, and nothing is left of a bad call [15, model; texts inferred]."""
    fine = {"PrefixListName": "x", "MaxEntries": 2, "AddressFamily": "IPv4"}
    assert refusal(wall, "CreateManagedPrefixList", **fine | given).startswith(told)
    assert wall.call("DescribeManagedPrefixLists")["PrefixLists"] == []


@pytest.mark.parametrize("given", [{"PrefixListName": "n" * 255}, {"MaxEntries": 1000}, {"MaxEntries": 1}])
def test_the_largest_fits(wall: Wall, given: Json) -> None:
    """A name of 255 characters and sizes from 1 to 1,000 are accepted [reference 15, model and docs]."""
    fine = {"PrefixListName": "x", "MaxEntries": 2, "AddressFamily": "IPv4"}
    assert wall.call("CreateManagedPrefixList", **fine | given)["PrefixList"]["Version"] == 1


@pytest.mark.reference("15 managed prefix lists")
def test_a_hundred_entries_at_once(wall: Wall) -> None:
    """A request takes up to 100 entries [reference 15, model]."""
    assert len(entries_of(wall, create_prefix_list(wall, size=100, Entries=_blocks(100)))) == 100


@pytest.mark.reference("2.4 token reused")
def test_a_repeated_token_makes_no_second_list(wall: Wall) -> None:
    """The same token answers the same list, even a deleted one; other parameters are refused [reference 2.4, docs]."""
    given = {"PrefixListName": "x", "MaxEntries": 2, "AddressFamily": "IPv4", "ClientToken": "once"}
    first, second = (wall.call("CreateManagedPrefixList", **given)["PrefixList"] for _ in range(2))
    assert first["PrefixListId"] == second["PrefixListId"]
    told = refusal(wall, "CreateManagedPrefixList", **given | {"MaxEntries": 3})
    assert told.startswith("IdempotentParameterMismatch: ")
    other = wall.elsewhere(region="eu-west-1")
    assert other.call("CreateManagedPrefixList", **given)["PrefixList"]["PrefixListId"] != first["PrefixListId"]
    assert len(wall.call("DescribeManagedPrefixLists")["PrefixLists"]) == 1
    wall.call("DeleteManagedPrefixList", PrefixListId=first["PrefixListId"])
    assert refusal(wall, "CreateManagedPrefixList", **given).startswith("InvalidPrefixListID.NotFound: ")


@pytest.mark.reference("15 managed prefix lists")
def test_the_quota_of_lists() -> None:
    """A region has as many lists as its quota says, 100 by default [reference 15, docs; code and text inferred]."""
    with Wall(quotas=Quotas(prefix_lists_per_region=2)) as wall:
        lists = [create_prefix_list(wall) for _ in range(2)]
        given = {"PrefixListName": "x", "MaxEntries": 2, "AddressFamily": "IPv4"}
        told = refusal(wall, "CreateManagedPrefixList", **given)
        assert told == "PrefixListLimitExceeded: The maximum number of prefix lists has been reached."
        wall.call("DeleteManagedPrefixList", PrefixListId=lists[0])
        create_prefix_list(wall)
    assert Quotas().prefix_lists_per_region == 100


@pytest.mark.reference("15 managed prefix lists", "18 taggable")
def test_tags(wall: Wall) -> None:
    """Lists are tagged when they are made and later, are found by tag, and lose their tags at last [18, model]."""
    tags = [{"Key": "team", "Value": "net"}]
    made = create_prefix_list(wall, TagSpecifications=[{"ResourceType": "prefix-list", "Tags": tags}])
    create_prefix_list(wall)
    assert prefix_list_of(wall, made)["Tags"] == tags
    wall.call("CreateTags", Resources=[made], Tags=[{"Key": "a", "Value": "b"}])
    found = wall.call("DescribeTags", Filters=[{"Name": "resource-type", "Values": ["prefix-list"]}])["Tags"]
    assert [(tag["ResourceId"], tag["Key"]) for tag in found] == [(made, "a"), (made, "team")]
    wall.call("DeleteManagedPrefixList", PrefixListId=made)
    assert wall.call("DescribeTags")["Tags"] == []


@pytest.mark.reference("15 managed prefix lists", "clients 9 prefix lists")
def test_a_deleted_list_is_gone(wall: Wall) -> None:
    """The answer says ``delete-in-progress``, and then no operation finds the list [15, docs; clients 3]."""
    made = create_prefix_list(wall, "10.0.0.0/8")
    before = prefix_list_of(wall, made)
    gone = wall.call("DeleteManagedPrefixList", PrefixListId=made)["PrefixList"]
    assert gone == before | {"State": "delete-in-progress"}
    assert wall.call("DescribeManagedPrefixLists")["PrefixLists"] == []
    told = f"InvalidPrefixListID.NotFound: The prefix list ID '{made}' does not exist"
    assert refusal(wall, "DeleteManagedPrefixList", PrefixListId=made) == told
    assert refusal(wall, "GetManagedPrefixListEntries", PrefixListId=made) == told
    assert refusal(wall, "DescribeManagedPrefixLists", PrefixListIds=[made]) == told


@pytest.mark.parametrize(
    ("name", "given"),
    [
        ("DescribeManagedPrefixLists", {}),
        ("GetManagedPrefixListEntries", {}),
        ("GetManagedPrefixListAssociations", {}),
        ("ModifyManagedPrefixList", {"PrefixListName": "x"}),
        ("RestoreManagedPrefixListVersion", {"PreviousVersion": 1, "CurrentVersion": 1}),
        ("DeleteManagedPrefixList", {}),
    ],
)
@pytest.mark.parametrize("account", ["123456789012", "111122223333"])
def test_ids(wall: Wall, name: str, given: Json, account: str) -> None:
    """An id that is malformed, unknown, or of another account or region is refused as such [reference 3.3]."""
    made = create_prefix_list(wall)
    elsewhere = wall.elsewhere(account, "eu-west-1")
    for where, prefix_list_id, told in (
        (wall, "x", MALFORMED),
        (wall, "pl-00000000", NO_SUCH),
        (elsewhere, made, NO_SUCH.replace("pl-00000000", made)),
    ):
        wanted = {"PrefixListIds": [prefix_list_id]} if name.startswith("Desc") else {"PrefixListId": prefix_list_id}
        assert refusal(where, name, **wanted, **given) == told


@pytest.mark.reference("15 managed prefix lists")
def test_a_list_in_use_stays(wall: Wall, side: str) -> None:
    """A list that a rule uses is not deleted, until the rule is gone [reference 15, docs; code and text inferred]."""
    made = create_prefix_list(wall, "10.0.0.0/8")
    scene = scenes.scene(wall, side, default=False)
    scene.authorize(tcp(22, made))
    told = refusal(wall, "DeleteManagedPrefixList", PrefixListId=made)
    assert told == f"DependencyViolation: resource {made} has a dependent object"
    assert prefix_list_of(wall, made)["State"] == "create-complete"
    assert entries_of(wall, made) == {"10.0.0.0/8": None}
    scene.revoke(tcp(22, made))
    wall.call("DeleteManagedPrefixList", PrefixListId=made)
