"""Many at once on one group: each rule is added once, each is removed once, by connections and by threads."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest

from groupwall.errors import ApiError
from tests.driver import Wall
from tests.law import breaches
from tests.remote import Remote
from tests.scenes import create_group, rules_of, tcp
from tests.serving import started

MANY = 32
Client = Wall | Remote


@contextmanager
def over_http(folder: Path) -> Iterator[list[Client]]:
    """Yield connections to one server."""
    with started("--log", "off", "--data", str(folder)) as server, ExitStack() as open_:
        yield [open_.enter_context(Remote(server.url)) for _ in range(MANY)]


@contextmanager
def in_threads(folder: Path) -> Iterator[list[Client]]:
    """Yield one app, for each thread."""
    with Wall(data=str(folder)) as wall:
        yield [wall] * MANY


@pytest.fixture(params=[over_http, in_threads])
def clients(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[list[Client]]:
    """Clients of one store, whose history must be whole after all that they do."""
    with request.param(tmp_path) as made:
        yield made
    assert breaches(tmp_path) == []


def at_once(clients: list[Client], work: Callable[[Client, int], object]) -> Counter[str]:
    """Have each client do its work at the same moment; return how often each outcome came, empty for done."""
    barrier = threading.Barrier(MANY)

    def one(number: int) -> str:
        barrier.wait()
        try:
            work(clients[number], number)
        except ApiError as error:
            return error.code
        return ""

    with ThreadPoolExecutor(MANY) as pool:
        return Counter(pool.map(one, range(MANY)))


def test_one_of_many_adds_a_rule(clients: list[Client]) -> None:
    """Of many who add the same rule one succeeds, the others hear that it is there already: reference 5.3 [docs]."""
    group = create_group(clients[0])

    def add(client: Client, _: int) -> None:
        client.call("AuthorizeSecurityGroupIngress", GroupId=group, IpPermissions=[tcp(80, "10.0.0.0/8")])

    assert at_once(clients, add) == {"": 1, "InvalidPermission.Duplicate": MANY - 1}
    assert len(rules_of(clients[0], group)) == 1


def test_rules_that_differ_are_all_added_and_each_removed_once(clients: list[Client]) -> None:
    """Nobody's rule is lost among many; removed twice each, one of two hears that it is gone (inferred)."""
    group = create_group(clients[0])

    def add(client: Client, number: int) -> None:
        client.call("AuthorizeSecurityGroupIngress", GroupId=group, IpPermissions=[tcp(number, "10.0.0.0/8")])

    assert at_once(clients, add) == {"": MANY}
    rules = [rule["SecurityGroupRuleId"] for rule in rules_of(clients[0], group)]
    assert len(set(rules)) == MANY

    def remove(client: Client, number: int) -> None:
        client.call("RevokeSecurityGroupIngress", GroupId=group, SecurityGroupRuleIds=[rules[number // 2]])

    assert at_once(clients, remove) == {"": MANY // 2, "InvalidSecurityGroupRuleId.NotFound": MANY // 2}
    assert len(rules_of(clients[0], group)) == MANY // 2


def test_one_of_many_makes_a_group(clients: list[Client]) -> None:
    """A name is given once, also when nobody has been in the world before (inferred)."""
    made = at_once(clients, lambda client, _: create_group(client))
    assert made == {"": 1, "InvalidGroup.Duplicate": MANY - 1}


def test_a_quota_holds_for_many(clients: list[Client]) -> None:
    """Many who fill a group to its quota fill it exactly: reference 21 [docs]."""
    group = create_group(clients[0])
    clients[0].call(
        "AuthorizeSecurityGroupIngress",
        GroupId=group,
        IpPermissions=[tcp(port, "10.0.0.0/8") for port in range(1, 51)],
    )

    def add(client: Client, number: int) -> None:
        client.call("AuthorizeSecurityGroupIngress", GroupId=group, IpPermissions=[tcp(1000 + number, "10.0.0.0/8")])

    assert at_once(clients, add) == {"": 10, "RulesPerSecurityGroupLimitExceeded": MANY - 10}
    assert len(rules_of(clients[0], group)) == 60


def test_two_worlds_begin_at_once(clients: list[Client]) -> None:
    """Worlds that many enter at once are begun once each, and stay apart (inferred)."""
    for number, client in enumerate(clients):
        if isinstance(client, Remote):
            client.region = ("us-east-1", "eu-west-1")[number % 2]
    create = at_once(clients, lambda client, number: create_group(client, f"group-{number}"))
    assert create == {"": MANY}
