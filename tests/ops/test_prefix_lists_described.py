"""What is told of prefix lists: filters, pages, the groups that use them, AWS's own [reference 15; clients 6]."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.driver import Wall
from tests.scenes import Json, create_group, create_prefix_list, refusal, tcp

MALFORMED = 'InvalidPrefixListId.Malformed: Invalid id: "x" (expecting "pl-...")'


def _blocks(count: int) -> list[Json]:
    return [{"Cidr": f"10.0.{number}.0/24"} for number in range(count)]


@pytest.mark.parametrize(
    ("name", "values", "found"),
    [
        ("prefix-list-id", ["{a}"], "a"), ("prefix-list-id", ["{a}", "{b}"], "a b"), ("prefix-list-id", ["pl-x"], ""),
        ("prefix-list-name", ["web"], "a"), ("prefix-list-name", ["w?b"], "a"), ("prefix-list-name", ["*"], "a b"),
        ("prefix-list-name", ["WEB"], ""), ("owner-id", ["123456789012"], "a b"), ("owner-id", ["AWS"], ""),
        ("tag:team", ["net"], "a"), ("tag:team", ["x"], ""), ("tag-key", ["team"], "a"),
    ],
)  # fmt: skip
def test_filters(wall: Wall, name: str, values: list[str], found: str) -> None:
    """Lists are found by id, name, owner and tag [model: documentation; clients 6]."""
    places = {"a": create_prefix_list(wall, PrefixListName="web"), "b": create_prefix_list(wall, PrefixListName="app")}
    wall.call("CreateTags", Resources=[places["a"]], Tags=[{"Key": "team", "Value": "net"}])
    wanted = [{"Name": name, "Values": [value.format(**places) for value in values]}]
    names = {prefix_list_id: place for place, prefix_list_id in places.items()}
    lists = wall.call("DescribeManagedPrefixLists", Filters=wanted)["PrefixLists"]
    assert sorted(names[one["PrefixListId"]] for one in lists) == found.split()


def _pages(wall: Wall, name: str, member: str, size: int, **params: object) -> Iterator[list[Json]]:
    token = None
    while True:
        reply = wall.call(name, MaxResults=size, NextToken=token, **params)
        yield reply[member]
        token = reply.get("NextToken")
        if not token:
            return


def test_pages(wall: Wall) -> None:
    """Lists and entries come in pages of 1 to 100, in order and each once [model: bounds]."""
    lists = sorted(create_prefix_list(wall, size=5, Entries=_blocks(5)) for _ in range(3))
    pages = list(_pages(wall, "DescribeManagedPrefixLists", "PrefixLists", 2))
    assert [[one["PrefixListId"] for one in page] for page in pages] == [lists[:2], lists[2:]]
    entries = list(_pages(wall, "GetManagedPrefixListEntries", "Entries", 2, PrefixListId=lists[0]))
    assert entries == [_blocks(5)[:2], _blocks(5)[2:4], _blocks(5)[4:]]


@pytest.mark.parametrize(
    ("name", "lowest", "highest"),
    [
        ("DescribeManagedPrefixLists", 1, 100),
        ("GetManagedPrefixListEntries", 1, 100),
        ("GetManagedPrefixListAssociations", 5, 255),
    ],
)
@pytest.mark.reference("15 managed prefix lists")
def test_page_sizes(wall: Wall, name: str, lowest: int, highest: int) -> None:
    """The bounds of MaxResults are the model's [reference 15, model]."""
    made = create_prefix_list(wall)
    given = {} if name.startswith("Describe") else {"PrefixListId": made}
    for size in (lowest, highest):
        wall.call(name, MaxResults=size, **given)
    for size in (lowest - 1, highest + 1):
        told = refusal(wall, name, MaxResults=size, **given)
        assert told.startswith(f"InvalidParameterValue: Value ( {size} ) for parameter maxResults is invalid.")


def test_a_token_is_of_one_list(wall: Wall) -> None:
    """A page token of one list's entries is none of another's (inferred)."""
    first, second = (create_prefix_list(wall, size=5, Entries=_blocks(5)) for _ in range(2))
    token = wall.call("GetManagedPrefixListEntries", PrefixListId=first, MaxResults=1)["NextToken"]
    told = refusal(wall, "GetManagedPrefixListEntries", PrefixListId=second, MaxResults=1, NextToken=token)
    assert told == "InvalidParameterValue: Unable to parse pagination token"


@pytest.mark.reference("15 managed prefix lists")
def test_associations(wall: Wall) -> None:
    """Each group that uses a list is told once, however many of its rules do [reference 15, docs]."""
    used, unused = create_prefix_list(wall), create_prefix_list(wall)
    groups = sorted(create_group(wall, f"g{number}") for number in range(7))
    create_group(wall, "without")
    for group in groups:
        wall.call("AuthorizeSecurityGroupIngress", GroupId=group, IpPermissions=[tcp(22, used), tcp(80, used)])
        wall.call("AuthorizeSecurityGroupEgress", GroupId=group, IpPermissions=[tcp(22, used)])
    pages = list(_pages(wall, "GetManagedPrefixListAssociations", "PrefixListAssociations", 5, PrefixListId=used))
    assert [len(page) for page in pages] == [5, 2]
    assert [one for page in pages for one in page] == [
        {"ResourceId": group, "ResourceOwner": "123456789012"} for group in groups
    ]
    assert wall.call("GetManagedPrefixListAssociations", PrefixListId=unused)["PrefixListAssociations"] == []


@pytest.mark.parametrize(
    ("given", "told"),
    [
        (
            {"PrefixListIds": ["pl-00000000"]},
            "InvalidPrefixListId.NotFound: The prefix list ID 'pl-00000000' does not exist",
        ),
        ({"PrefixListIds": ["x"]}, MALFORMED),
        ({"Filters": [{"Name": "owner-id", "Values": ["x"]}]}, "InvalidParameterValue: The filter 'owner-id' is inv"),
        ({"NextToken": "x"}, "InvalidParameterValue: Unable to parse pagination token"),
    ],
)
@pytest.mark.reference("15 managed prefix lists")
def test_services_have_no_lists_here(wall: Wall, given: Json, told: str) -> None:
    """DescribePrefixLists tells of AWS's services: none here; its NotFound ends in ``Id`` [reference 15, live-test]."""
    create_prefix_list(wall, PrefixListName="mine")
    wanted = [{"Name": "prefix-list-name", "Values": ["mine"]}, {"Name": "prefix-list-id", "Values": ["*"]}]
    for filters in (None, wanted):
        assert wall.call("DescribePrefixLists", Filters=filters) == {"PrefixLists": []}
    assert refusal(wall, "DescribePrefixLists", **given).startswith(told)


def _statements(wall: Wall, name: str, **params: object) -> int:
    """Return how many SQL statements a call takes."""
    told: list[str] = []
    connection = wall.store._connection  # noqa: SLF001 - nothing tells of statements but the connection
    connection.set_trace_callback(told.append)
    wall.call(name, **params)
    connection.set_trace_callback(None)
    return len(told)


def test_the_account_does_not_count(wall: Wall) -> None:
    """What a call costs in statements grows with what it writes alone: docs/decisions/0006."""
    few, many = create_prefix_list(wall, size=3, Entries=_blocks(1)), create_prefix_list(wall, size=3)
    wall.call("ModifyManagedPrefixList", PrefixListId=many, MaxEntries=1000)
    wall.call("ModifyManagedPrefixList", PrefixListId=many, CurrentVersion=1, AddEntries=_blocks(100))
    for number in range(20):
        create_prefix_list(wall)
        group = create_group(wall, f"g{number}")
        wall.call("AuthorizeSecurityGroupIngress", GroupId=group, IpPermissions=[tcp(22, few)])
    wall.call("ModifyManagedPrefixList", PrefixListId=few, CurrentVersion=1, AddEntries=[{"Cidr": "10.9.0.0/24"}])
    added = {"CurrentVersion": 2, "AddEntries": [{"Cidr": "10.9.9.0/24"}]}
    for name, given in (
        ("GetManagedPrefixListEntries", {}),
        ("GetManagedPrefixListEntries", {"TargetVersion": 1}),
        ("GetManagedPrefixListAssociations", {}),
        ("ModifyManagedPrefixList", added),
    ):
        assert _statements(wall, name, PrefixListId=few, **given) == _statements(wall, name, PrefixListId=many, **given)
    one = _statements(wall, "DescribeManagedPrefixLists", MaxResults=1)
    assert _statements(wall, "DescribeManagedPrefixLists") == one
    assert _statements(wall, "ModifyManagedPrefixList", PrefixListId=few, MaxEntries=60) <= one + 15
