"""Whether a change is applied: which hosts it concerns, and what they told [inferred]."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from groupwall.errors import ApiError
from groupwall.ops.enforcement import acknowledge
from groupwall.ops.enforcement.propagation import ALIVE
from tests.driver import Wall
from tests.interfaces import create_interface
from tests.scenes import Json, allow, create_group, create_prefix_list, default_vpc, rules_of, tcp
from tests.strategies import EXAMPLES as MANY
from tests.worlds import make_random_call, random_world, seeded


class Net:
    """Two hosts, each with an interface in a group of its own, and a group that nobody is in."""

    def __init__(self, wall: Wall) -> None:
        self.wall = wall
        self.groups = {name: create_group(wall, name) for name in ("web", "app", "idle")}
        self.interfaces = {name: create_interface(wall, Groups=[self.groups[name]]) for name in ("web", "app")}
        for name in self.interfaces:
            self.tell(name)

    def tell(self, name: str, revision: int | None = None, **params: Any) -> None:  # noqa: ANN401 - as boto3 gives them
        """Have the host of a group tell that it is up to date, or at a revision."""
        given = {"InterfaceIds": [self.interfaces[name]]} | params
        at = self.wall.app.revision() if revision is None else revision
        self.wall.call("Acknowledge", Host=f"host-{name}", Revision=at, **given)

    def open(self, name: str, peer: str = "192.0.2.0/24") -> int:
        """Open a port in a group; return the revision."""
        allow(self.wall, self.groups[name], tcp(22, peer))
        return self.wall.app.revision()


@pytest.fixture
def net(wall: Wall) -> Net:
    """Return the hosts."""
    return Net(wall)


def _of(net: Net, revision: int | None = None) -> tuple[str, list[str]]:
    """Return the state of a change, and the hosts that it concerns."""
    given = {} if revision is None else {"Revision": revision}
    told = net.wall.call("DescribePropagation", **given)
    return told["State"], [one["Host"] for one in told["Hosts"] if one["Concerned"]]


def _host(net: Net, name: str, revision: int) -> Json:
    told = net.wall.call("DescribePropagation", Revision=revision)["Hosts"]
    return next(one for one in told if one["Host"] == f"host-{name}")


def test_applied_when_the_concerned_host_has_it(net: Net) -> None:
    """A change concerns the host of its group's member; it is applied once that host says so, whatever others say."""
    revision = net.open("web")
    assert _of(net, revision) == ("pending", ["host-web"])
    net.tell("app")
    assert _of(net, revision) == ("pending", ["host-web"])
    net.tell("web")
    assert _of(net, revision) == ("applied", ["host-web"])


def test_a_dead_host_is_forgotten(net: Net) -> None:
    """A host that is gone for good is let go by name, and changes wait for it no longer; it may come back."""
    with pytest.raises(ApiError, match="is alive"):
        net.wall.call("ForgetHost", Host="host-web")
    net.wall.clock.advance(5.001)
    revision = net.open("web")
    assert _of(net, revision) == ("pending", ["host-web"])
    net.wall.call("ForgetHost", Host="host-web")
    assert _of(net, revision) == ("not-enforced", [])
    with pytest.raises(ApiError, match="does not exist"):
        net.wall.call("ForgetHost", Host="host-web")
    net.tell("web")
    assert _of(net, net.open("web", "198.51.100.0/24")) == ("pending", ["host-web"])


def test_what_no_host_has_to_enforce_is_never_applied(net: Net) -> None:
    """A change of a group without members, or of a tag or a name alone, answers not-enforced."""
    idle = net.open("idle")
    net.wall.call("CreateTags", Resources=[net.groups["web"]], Tags=[{"Key": "a", "Value": "b"}])
    tagged = net.wall.app.revision()
    for name in net.interfaces:
        net.tell(name)
    assert _of(net, idle) == _of(net, tagged) == ("not-enforced", [])


def test_without_hosts_nothing_is_applied(wall: Wall) -> None:
    """Where no agent has ever told anything, nothing is enforced, and the answer says so."""
    create_interface(wall, Groups=[create_group(wall)])
    told = wall.call("DescribePropagation")
    assert (told["State"], told["Hosts"], told["Revision"]) == ("not-enforced", [], wall.app.revision())


def test_a_reference_concerns_who_refers(net: Net) -> None:
    """When a group gets a member, the hosts of those that refer to it are concerned as well."""
    net.open("web", net.groups["app"])
    net.tell("web")
    create_interface(net.wall, Groups=[net.groups["app"]])
    assert _of(net, net.wall.app.revision()) == ("pending", ["host-web"])


def test_a_prefix_list_concerns_who_names_it(net: Net) -> None:
    """An entry that comes to a list concerns the hosts of groups whose rules name the list."""
    listed = create_prefix_list(net.wall, "192.0.2.0/24")
    net.open("app", listed)
    entries = [{"Cidr": "198.51.100.0/24"}]
    net.wall.call("ModifyManagedPrefixList", PrefixListId=listed, CurrentVersion=1, AddEntries=entries)
    assert _of(net, net.wall.app.revision()) == ("pending", ["host-app"])


def test_an_interface_that_changes_its_groups_or_goes(net: Net) -> None:
    """Its host is concerned, although the interface is gone by then, and even when the host let go of it."""
    eni = net.interfaces["web"]
    net.wall.call("ModifyNetworkInterfaceAttribute", NetworkInterfaceId=eni, Groups=[net.groups["idle"]])
    assert _of(net, net.wall.app.revision())[1] == ["host-web"]
    net.wall.call("DeleteNetworkInterface", NetworkInterfaceId=eni)
    deleted = net.wall.app.revision()
    assert _of(net, deleted) == ("pending", ["host-web"])
    other = create_interface(net.wall)
    net.tell("web", InterfaceIds=[other])
    assert _of(net, deleted) == ("applied", ["host-web"])


def test_a_host_that_has_nothing_left(net: Net) -> None:
    """The end of its last interface is applied once its host told so, which enforces nothing any more by then."""
    net.wall.call("DeleteNetworkInterface", NetworkInterfaceId=net.interfaces["web"])
    deleted = net.wall.app.revision()
    net.tell("web", deleted - 1)
    assert _of(net, deleted) == ("pending", ["host-web"])
    net.tell("web", InterfaceIds=[])
    assert _of(net, deleted) == ("applied", ["host-web"])
    assert _of(net)[1] == ["host-app"]


def test_an_older_change_is_judged_by_itself(net: Net) -> None:
    """A host that has a change has it still when later ones, which it lacks, were made."""
    first = net.open("web")
    net.tell("web")
    later = net.open("web", "198.51.100.0/24")
    assert (_of(net, first)[0], _of(net, later)[0]) == ("applied", "pending")


def test_no_revision_means_all_until_now(net: Net) -> None:
    """Without a revision every host that enforces something has to be up to date."""
    for name in net.interfaces:
        net.tell(name)
    assert _of(net) == ("applied", ["host-app", "host-web"])
    net.open("idle")
    assert _of(net) == ("pending", ["host-app", "host-web"])


def test_a_dead_host_is_named(net: Net) -> None:
    """One that is not heard of is told as dead after five seconds, and what it lacks stays pending."""
    net.wall.clock.advance(5)
    assert _host(net, "web", 1)["Alive"]
    net.wall.clock.advance(0.001)
    revision = net.open("web")
    told = _host(net, "web", revision)
    assert (told["Alive"], told["Concerned"], told["InterfaceIds"]) == (False, True, [net.interfaces["web"]])
    assert _of(net, revision)[0] == "pending"


def test_the_lag_is_told(net: Net) -> None:
    """From the change until the host told that it has it, or until now; what a host told later does not count."""
    net.tell("web")
    revision = net.open("web")
    net.wall.clock.advance(0.25)
    assert _host(net, "web", revision)["Lag"] == 250
    net.tell("web")
    net.wall.clock.advance(60)
    net.open("web", "198.51.100.0/24")
    net.tell("web")
    assert _host(net, "web", revision)["Lag"] == 250
    assert "Lag" not in _host(net, "app", revision)


def test_drifts_add_up_and_the_last_message_stands(net: Net) -> None:
    """Drifts are told since the last time, and counted; a message stands until the next one."""
    net.tell("web", Drifts=2, Message="an interface is missing")
    net.tell("web", Drifts=1)
    told = _host(net, "web", net.open("web"))
    assert (told["Drifts"], "Message" in told) == (3, False)


def test_a_host_that_falls_behind_has_it_no_more(net: Net) -> None:
    """A host that begins anew, at an older revision, does not enforce what came after that."""
    before = net.wall.app.revision()
    revision = net.open("web")
    net.tell("web")
    net.tell("web", before)
    assert _of(net, revision)[0] == "pending"


def test_only_other_interfaces_make_a_change(net: Net) -> None:
    """To tell the same again is no change; other interfaces are; none at all forget the host."""
    before = net.wall.app.revision()
    net.tell("web")
    assert net.wall.app.revision() == before
    other = create_interface(net.wall)
    net.tell("web", InterfaceIds=[other, net.interfaces["web"], other])
    change = net.wall.call("DescribeChanges", NewestFirst=True)["Changes"][0]
    assert change["Operation"] == "Acknowledge"
    assert json.loads(json.loads(change["Deltas"][0]["After"])["interfaces"]) == sorted([other, net.interfaces["web"]])
    net.tell("web", InterfaceIds=[])
    assert net.wall.call("DescribeChanges", NewestFirst=True)["Changes"][0]["Deltas"][0]["Kind"] == "host"
    assert _of(net, net.open("web")) == ("not-enforced", [])


def test_a_host_is_not_undone(net: Net) -> None:
    """What a host told cannot be undone: it would not be true."""
    net.tell("web", InterfaceIds=[net.interfaces["app"]])
    with pytest.raises(ApiError, match="it only tells what became of another change, or what a host enforces"):
        net.wall.call("UndoChange", Revision=net.wall.app.revision())


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ({"Host": "a b"}, "parameter host is invalid"),
        ({"Host": ""}, "parameter host is invalid"),
        ({"Revision": 10**6}, "parameter revision is invalid. The newest revision is"),
        ({"Revision": -1}, "parameter revision is invalid"),
        ({"Drifts": -1}, "Drifts must be 0 or more"),
        ({"Message": "x" * 1025}, "at most 1024 characters"),
        ({"Series": "x" * 65}, "a series at most 64"),
        ({"InterfaceIds": ["x"]}, 'Invalid id: "x"'),
    ],
)
def test_what_a_host_cannot_tell(wall: Wall, given: Json, told: str) -> None:
    """Nonsense is refused, and nothing of it remembered."""
    with pytest.raises(ApiError, match=told):
        wall.call("Acknowledge", **({"Host": "one", "Revision": 0} | given))
    assert wall.call("DescribePropagation")["Hosts"] == []


def test_a_name_is_one_agent_s(net: Net) -> None:
    """Of two agents with one name the former is refused, and changes nothing, until the other is dead (inferred)."""
    one, other = ({"Series": name, "InterfaceIds": [net.interfaces[name]]} for name in ("web", "app"))
    net.wall.call("Acknowledge", Host="both", Revision=1, **one)
    net.wall.call("Acknowledge", Host="both", Revision=1, **other)
    before = net.wall.app.revision()
    for _ in range(3):
        with pytest.raises(ApiError, match=r"IncorrectState: The host 'both' is another agent's by now\."):
            net.wall.call("Acknowledge", Host="both", Revision=1, **one)
        net.wall.call("Acknowledge", Host="both", Revision=1, **other)
    assert net.wall.app.revision() == before
    net.wall.clock.advance(ALIVE / 1000 + 1)
    net.wall.call("Acknowledge", Host="both", Revision=1, **one)
    with pytest.raises(ApiError, match="is another agent's by now"):
        net.wall.call("Acknowledge", Host="both", Revision=1, **other)


@pytest.mark.parametrize("revision", [0, -1, 10**6])
def test_a_revision_that_there_is_not(net: Net, revision: int) -> None:
    """It is refused, with the newest one."""
    with pytest.raises(ApiError, match=r"parameter revision is invalid\. The newest revision is"):
        net.wall.call("DescribePropagation", Revision=revision)


def test_worlds_do_not_meet(net: Net) -> None:
    """A host is one of the account and region that it asks as: others neither see it nor wait for it."""
    other = net.wall.elsewhere("111122223333")
    default_vpc(other)
    assert other.call("DescribePropagation")["Hosts"] == []
    other.call("Acknowledge", Host="host-web", Revision=1, InterfaceIds=[])
    assert rules_of(net.wall, net.groups["web"]) == []
    assert _host(net, "web", net.open("web"))["InterfaceIds"] == [net.interfaces["web"]]


def _policies(wall: Wall) -> dict[str, list[Json]]:
    """Return all facts that the policy of each interface follows from, picked out of the whole."""
    told = wall.call("DescribeDesired")
    groups = {one["GroupId"]: one for one in told["Groups"]}
    members = {(one["VpcId"], one["GroupId"]): one for one in told["Members"]}
    lists = {one["PrefixListId"]: one for one in told["PrefixLists"]}
    policies = {}
    for one in told["Interfaces"]:
        rules = [rule for group in one["GroupIds"] for rule in groups[group]["Rules"]]
        named = {rule.get("ReferencedGroupId") or rule.get("PrefixListId") for rule in rules} - {None}
        meant = [members.get((one["VpcId"], name)) or lists[name] for name in sorted(named)]
        policies[one["NetworkInterfaceId"]] = [one, *(groups[group] for group in one["GroupIds"]), *meant]
    return policies


@settings(max_examples=MANY // 2)
@given(st.integers(0, 2**32))
def test_a_change_concerns_whom_it_alters(seed: int) -> None:
    """In random worlds with a host for each interface, those are concerned whose facts are others after a change."""
    random = seeded(seed)
    with Wall() as wall:
        scene = random_world(wall, random)
        for _ in range(4):
            before = _policies(wall)
            for one in before:
                wall.call("Acknowledge", Host=one, Revision=1, InterfaceIds=[one])
            acknowledged = wall.app.revision()
            make_random_call(scene, random)
            assert wall.app.revision() - acknowledged in (0, 1)
            if wall.app.revision() > acknowledged:
                told = wall.call("DescribePropagation", Revision=wall.app.revision())["Hosts"]
                after = _policies(wall)
                altered = {one for one, policy in before.items() if policy != after.get(one)}
                assert {one["Host"] for one in told if one["Concerned"]} == altered


def test_a_world_has_so_many_hosts(net: Net, monkeypatch: pytest.MonkeyPatch) -> None:
    """One host more than a world may have is refused; those that are there go on to tell."""
    monkeypatch.setattr(acknowledge, "MOST", 2)
    with pytest.raises(ApiError, match="HostLimitExceeded: There may be at most 2 hosts"):
        net.wall.call("Acknowledge", Host="third", Revision=1, InterfaceIds=[net.interfaces["web"]])
    net.tell("web", InterfaceIds=[net.interfaces["app"]])
