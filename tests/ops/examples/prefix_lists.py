"""Example calls of the operations on prefix lists."""

from __future__ import annotations

from tests.driver import Wall
from tests.ops.examples.shared import PAGED, tagged
from tests.scenes import Json, tcp

_BLOCK = "10.0.0.0/24"


def set_out(wall: Wall, places: dict[str, str]) -> dict[str, str]:
    """Make a list of two versions, ``list``, and one that the group ``web`` uses, ``used``."""
    ids = []
    for name in ("mine", "used"):
        given = {"PrefixListName": name, "MaxEntries": 5, "AddressFamily": "IPv4", "Entries": [{"Cidr": _BLOCK}]}
        ids.append(wall.call("CreateManagedPrefixList", **given)["PrefixList"]["PrefixListId"])
    wall.call(
        "ModifyManagedPrefixList", PrefixListId=ids[0], CurrentVersion=1, AddEntries=[{"Cidr": "10.0.1.0/24"}],
    )  # fmt: skip
    wall.call("AuthorizeSecurityGroupIngress", GroupId=places["web"], IpPermissions=[tcp(22, ids[1])])
    return dict(zip(("list", "used"), ids, strict=True))


EXAMPLES: dict[str, list[Json]] = {
    "CreateManagedPrefixList": [
        {
            "PrefixListName": "new", "MaxEntries": 2, "AddressFamily": "IPv4", "ClientToken": "once",
            "Entries": [{"Cidr": _BLOCK, "Description": "one"}], "TagSpecifications": tagged("prefix-list"),
        },
    ],
    "ModifyManagedPrefixList": [
        {
            "PrefixListId": "$list", "CurrentVersion": 2, "PrefixListName": "renamed",
            "AddEntries": [{"Cidr": "10.0.2.0/24", "Description": "one"}], "RemoveEntries": [{"Cidr": _BLOCK}],
        },
        {"PrefixListId": "$list", "MaxEntries": 9},
        {"PrefixListId": "$list", "MaxEntries": 1},
        {"PrefixListId": "$used", "MaxEntries": 61},
        {"PrefixListId": "$list", "CurrentVersion": 1, "AddEntries": [{"Cidr": "10.0.2.0/24"}]},
        {"PrefixListId": "$list", "IpamPrefixListResolverSyncEnabled": True},
    ],
    "RestoreManagedPrefixListVersion": [{"PrefixListId": "$list", "PreviousVersion": 1, "CurrentVersion": 2}],
    "DeleteManagedPrefixList": [{"PrefixListId": "$list"}, {"PrefixListId": "$used"}],
    "DescribeManagedPrefixLists": [{"PrefixListIds": ["$list"]}, *PAGED],
    "GetManagedPrefixListEntries": [
        {"PrefixListId": "$list", "TargetVersion": 1, "MaxResults": 1}, {"PrefixListId": "$list", "NextToken": "x"},
    ],
    "GetManagedPrefixListAssociations": [
        {"PrefixListId": "$used", "MaxResults": 5}, {"PrefixListId": "$used", "NextToken": "x"},
    ],
    "DescribePrefixLists": [{"PrefixListIds": ["pl-00000000"]}, *PAGED],
}  # fmt: skip
