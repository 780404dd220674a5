"""What hosts are asked of flows under way, what they may answer, and what a preview makes of it [inferred]."""

from __future__ import annotations

import json
import re
from contextlib import suppress
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from groupwall.app import Call
from groupwall.errors import ApiError
from groupwall.ops import questions
from tests.driver import ACTIONS, Wall
from tests.interfaces import create_interface
from tests.scenes import Json, allow, create_group, create_prefix_list, tcp
from tests.strategies import EXAMPLES as MANY
from tests.worlds import random_call, random_world, seeded

WIDE, NARROW = "192.0.2.0/24", "192.0.2.128/25"


class Asking:
    """A request for the flows that would end: performed once when it is made, and again when it is asked for."""

    def __init__(self, wall: Wall, *calls: tuple[str, Json]) -> None:
        self._wall = wall
        asked = [{"Operation": name, "Parameters": json.dumps(params)} for name, params in calls]
        understood = wall.app.prepare(wall.request(ACTIONS["PreviewFlows"], Calls=asked))
        assert isinstance(understood, Call)
        self._call = understood
        self.first = self.answer()

    def answer(self) -> Json:
        """Return what it is answered now."""
        outcome = self._wall.app.answer([self._call])[0]
        assert outcome is not None
        if outcome.error:
            raise outcome.error
        return ACTIONS["PreviewFlows"].plain(outcome.result or {})


class Net:
    """Two hosts, each with an interface in a group of its own that a rule opens for TCP 22."""

    def __init__(self, wall: Wall) -> None:
        self.wall = wall
        self.groups = {name: create_group(wall, name) for name in ("web", "app", "idle")}
        self.interfaces = {name: create_interface(wall, Groups=[self.groups[name]]) for name in ("web", "app")}
        for name in self.groups:
            allow(wall, self.groups[name], tcp(22, WIDE))
        for name in self.interfaces:
            self.live(name)

    def live(self, name: str, host: str = "", interfaces: list[str] | None = None) -> None:
        """Have a host be heard of, with the interface of its group unless others are given."""
        mine = [self.interfaces[name]] if interfaces is None else interfaces
        given = {"Revision": self.wall.app.revision(), "InterfaceIds": mine}
        self.wall.call("Acknowledge", Host=host or f"host-{name}", **given)

    def revoke(self, *names: str, peer: str = WIDE) -> Asking:
        """Ask what would end if the rules of groups were revoked."""
        calls = [{"GroupId": self.groups[name], "IpPermissions": [tcp(22, peer)]} for name in names]
        return Asking(self.wall, *(("RevokeSecurityGroupIngress", one) for one in calls))

    def questions(self, host: str) -> list[Json]:
        """Return what a host is asked."""
        found: list[Json] = self.wall.call("DescribeFlowQuestions", Host=host)["Questions"]
        return found

    def tell(self, name: str, *flows: Json, host: str = "", **params: Any) -> None:  # noqa: ANN401 - as boto3 gives them
        """Have the host of a group answer the one question that it is asked."""
        host = host or f"host-{name}"
        [question] = self.questions(host)
        self.wall.call("TellFlows", Host=host, QuestionId=question["QuestionId"], Flows=list(flows), **params)

    def flow(self, name: str, peer: str = "192.0.2.200", port: int = 40000, **other: Any) -> Json:  # noqa: ANN401
        """Return a connection to a group's interface."""
        ends = {"Source": peer, "SourcePort": port, "Destination": "172.31.0.4", "DestinationPort": 22, "Protocol": 6}
        return {"InterfaceId": self.interfaces[name], "IsEgress": False} | ends | other


@pytest.fixture
def net(wall: Wall) -> Net:
    """Return the hosts."""
    return Net(wall)


def _states(told: Json) -> dict[str, str]:
    return {one["Host"]: one["State"] for one in told["Hosts"]}


def test_a_host_is_asked_and_its_answer_told(net: Net) -> None:
    """Who would have to enforce the change is asked once; its flows are told with the rules that admit them now."""
    asking = net.revoke("web")
    assert (asking.first["State"], _states(asking.first)) == ("pending", {"host-web": "awaited"})
    assert asking.answer()["State"] == "pending"
    assert net.questions("host-app") == []
    net.tell("web", net.flow("web"))
    assert net.questions("host-web") == []
    told = asking.answer()
    assert (told["State"], _states(told), told["Omitted"]) == ("complete", {"host-web": "answered"}, 0)
    [flow] = told["Flows"]
    assert flow["Text"] == "tcp 192.0.2.200:40000 -> 172.31.0.4:22"
    assert [rule["Text"] for rule in flow["Rules"]] == [f"tcp 22 from {WIDE}"]
    assert (flow["Host"], flow["InterfaceId"], flow["IsEgress"]) == ("host-web", net.interfaces["web"], False)


def test_a_question_tells_what_would_be(net: Net) -> None:
    """It has the facts that would differ, as DescribeDesired tells them, and asks for the flows that follow them."""
    allow(net.wall, net.groups["web"], tcp(22, NARROW))
    net.revoke("web")
    [question] = net.questions("host-web")
    [group] = question["Groups"]
    assert (group["GroupId"], question["Revision"]) == (net.groups["web"], net.wall.app.revision())
    assert [rule.get("CidrIpv4") for rule in group["Rules"] if not rule["IsEgress"]] == [NARROW]
    assert [(one["Kind"], one["Id"]) for one in question["Cuts"]] == [("group", net.groups["web"])]


def test_flows_without_a_rule_are_marked(net: Net) -> None:
    """A flow that no rule admits even now is told with none; one of egress by the rules of egress."""
    egress = {"IsEgress": True, "Source": "172.31.0.4", "Destination": "198.51.100.7", "DestinationPort": 443}
    asking = net.revoke("web")
    net.tell("web", net.flow("web", "198.51.100.1"), net.flow("web", **egress))
    admitted = {one["Source"]: [rule["Text"] for rule in one.get("Rules", [])] for one in asking.answer()["Flows"]}
    assert admitted == {"198.51.100.1": [], "172.31.0.4": ["all to 0.0.0.0/0"]}


def test_flows_are_told_in_order(net: Net) -> None:
    """By interface, whatever host told them first, and each that two hosts told is told twice."""
    asking = net.revoke("web", "app")
    net.tell("app", net.flow("app", port=2), net.flow("app", port=1))
    assert asking.answer()["State"] == "pending"
    net.tell("web", net.flow("web"))
    told = [(one["InterfaceId"], one["SourcePort"]) for one in asking.answer()["Flows"]]
    assert told == sorted([(net.interfaces["app"], 1), (net.interfaces["app"], 2), (net.interfaces["web"], 40000)])


def test_a_dead_host_is_named(net: Net) -> None:
    """One that is not heard of is not asked and not waited for, and the answer is not complete."""
    net.wall.clock.advance(6)
    net.live("app")
    told = net.revoke("web").first
    assert (told["State"], _states(told), told["Flows"]) == ("incomplete", {"host-web": "dead"}, [])
    assert net.questions("host-web") == []
    both = net.revoke("web", "app")
    assert (both.first["State"], _states(both.first)) == ("pending", {"host-app": "awaited", "host-web": "dead"})
    net.tell("app", net.flow("app"))
    told = both.answer()
    assert (told["State"], len(told["Flows"])) == ("incomplete", 1)


def test_one_that_dies_while_it_is_asked(net: Net) -> None:
    """It is not waited for any more."""
    asking = net.revoke("web")
    net.wall.clock.advance(6)
    assert (asking.answer()["State"], _states(asking.answer())) == ("incomplete", {"host-web": "dead"})


def test_without_hosts_the_answer_comes_at_once(net: Net) -> None:
    """What no host enforces is told as such, never as nothing; so in a wall in process, which has no hosts."""
    told = net.revoke("idle").first
    assert (told["State"], told["Hosts"], told["NotEnforced"]) == ("not-enforced", [], [])
    for name in net.interfaces:
        net.live(name, interfaces=[])
    told = net.revoke("web").first
    assert (told["State"], told["Hosts"], told["NotEnforced"]) == ("not-enforced", [], [net.interfaces["web"]])


def test_an_interface_that_nobody_enforces_is_named(net: Net) -> None:
    """Beside those of hosts that answer."""
    other = create_interface(net.wall, Groups=[net.groups["web"]])
    asking = net.revoke("web")
    net.tell("web")
    told = asking.answer()
    assert (told["State"], told["NotEnforced"]) == ("complete", [other])


def test_what_alters_nothing_asks_nobody(net: Net) -> None:
    """A tag, a name or a rule of a group without members concerns no host."""
    tag = ("CreateTags", {"Resources": [net.groups["web"]], "Tags": [{"Key": "a", "Value": "b"}]})
    assert Asking(net.wall, tag).first["State"] == "not-enforced"
    assert net.questions("host-web") == []


def test_calls_that_would_be_refused(net: Net) -> None:
    """Nobody is asked, and the answer says why nothing would end."""
    told = Asking(net.wall, ("DeleteSecurityGroup", {"GroupId": net.groups["web"]})).first
    assert (told["Flows"], told["Hosts"], told["Refused"]["Code"]) == ([], [], "DependencyViolation")
    assert net.questions("host-web") == []


def test_nothing_is_changed(net: Net) -> None:
    """Neither the preview nor what hosts tell is a change."""
    before = net.wall.app.revision()
    asking = net.revoke("web")
    net.tell("web", net.flow("web"))
    asking.answer()
    assert net.wall.app.revision() == before


def test_a_reference_and_a_list_concern_who_names_them(net: Net) -> None:
    """Members that would leave a group, and entries a list, are asked of the hosts that follow them."""
    listed = create_prefix_list(net.wall, "192.0.2.0/24")
    allow(net.wall, net.groups["app"], tcp(22, net.groups["web"]), tcp(23, listed))
    groups = {"NetworkInterfaceId": net.interfaces["web"], "Groups": [net.groups["idle"]]}
    left = Asking(net.wall, ("ModifyNetworkInterfaceAttribute", groups))
    assert _states(left.first) == {"host-app": "awaited", "host-web": "awaited"}
    entries = {"PrefixListId": listed, "CurrentVersion": 1, "RemoveEntries": [{"Cidr": "192.0.2.0/24"}]}
    assert _states(Asking(net.wall, ("ModifyManagedPrefixList", entries)).first) == {"host-app": "awaited"}


# ---- what was changed meanwhile


def test_each_request_asks_anew(net: Net) -> None:
    """What was true of flows when somebody else asked is not told; who asked has its own answers."""
    first, second = net.revoke("web"), net.revoke("web")
    ids = [one["QuestionId"] for one in net.questions("host-web")]
    assert len(set(ids)) == 2
    net.wall.call("TellFlows", Host="host-web", QuestionId=ids[0], Flows=[net.flow("web")])
    assert (first.answer()["State"], second.answer()["State"]) == ("complete", "pending")


def test_a_change_that_alters_the_question_asks_again(net: Net) -> None:
    """What hosts answered before is dropped when what they were asked is not true any more, and else is kept."""
    asking = net.revoke("web")
    [before] = net.questions("host-web")
    net.tell("web", net.flow("web"))
    allow(net.wall, net.groups["web"], tcp(22, NARROW))
    assert asking.answer()["State"] == "pending"
    [after] = net.questions("host-web")
    assert after["QuestionId"] != before["QuestionId"]
    net.tell("web")
    allow(net.wall, net.groups["app"], tcp(23, WIDE))
    told = asking.answer()
    assert (told["State"], told["Flows"]) == ("complete", [])


def test_a_host_that_comes_back_is_asked_too(net: Net) -> None:
    """One that is heard of while others are asked is asked with them, and what is told is of one moment."""
    net.wall.clock.advance(6)
    net.live("app")
    asking = net.revoke("web", "app")
    net.live("web")
    assert (asking.answer()["State"], _states(asking.answer())) == (
        "pending",
        {"host-app": "awaited", "host-web": "awaited"},
    )
    net.tell("app")
    net.tell("web")
    assert asking.answer()["State"] == "complete"


def test_rules_that_would_be_made_do_not_ask_again(net: Net) -> None:
    """Their ids are others each time that the calls are tried, which alters nothing."""
    calls = [("RevokeSecurityGroupIngress", WIDE), ("AuthorizeSecurityGroupIngress", NARROW)]
    group = net.groups["web"]
    asking = Asking(net.wall, *((name, {"GroupId": group, "IpPermissions": [tcp(22, peer)]}) for name, peer in calls))
    net.tell("web", net.flow("web", "192.0.2.1"))
    allow(net.wall, net.groups["app"], tcp(23, WIDE))
    assert (asking.answer()["State"], net.questions("host-web")) == ("complete", [])


# ---- what is bounded


def test_a_question_ends(net: Net) -> None:
    """After half a minute it is not open any more, and its answer is refused."""
    net.revoke("web")
    [question] = net.questions("host-web")
    net.wall.clock.advance(31)
    assert net.questions("host-web") == []
    with pytest.raises(ApiError, match=r"InvalidFlowQuestion\.NotFound"):
        net.wall.call("TellFlows", Host="host-web", QuestionId=question["QuestionId"])


def test_questions_are_bounded(net: Net) -> None:
    """Beyond so many that are open, a preview is refused; those that have their answers are open no longer."""
    for _ in range(questions.MOST_OF_A_WORLD):
        net.revoke("web")
    with pytest.raises(ApiError, match="RequestLimitExceeded"):
        net.revoke("web")
    net.wall.clock.advance(31)
    net.live("web")
    for _ in range(questions.MOST_OF_A_WORLD + 1):
        asking = net.revoke("web")
        net.tell("web")
        assert asking.answer()["State"] == "complete"


def test_flows_are_bounded(net: Net, monkeypatch: pytest.MonkeyPatch) -> None:
    """Only so many are kept, over all hosts; how many more there are is told."""
    monkeypatch.setattr(questions, "MOST_FLOWS", 3)
    asking = net.revoke("web", "app")
    net.tell("app", *(net.flow("app", port=port) for port in (1, 2)), Count=50)
    net.tell("web", *(net.flow("web", port=port) for port in (1, 2)), Count=7)
    told = asking.answer()
    assert (len(told["Flows"]), told["Omitted"]) == (3, 54)
    assert {one["Host"]: one["Count"] for one in told["Hosts"]} == {"host-app": 50, "host-web": 7}


def test_an_answer_may_be_told_again(net: Net) -> None:
    """Who did not hear that it was taken tells it again; the last one counts."""
    asking = net.revoke("web", "app")
    [question] = net.questions("host-web")
    for port in (1, 2):
        given = {"Host": "host-web", "QuestionId": question["QuestionId"], "Flows": [net.flow("web", port=port)]}
        net.wall.call("TellFlows", **given)
    net.tell("app")
    assert [one["SourcePort"] for one in asking.answer()["Flows"]] == [2]


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ({"QuestionId": "question-1"}, r"InvalidFlowQuestion\.NotFound"),
        ({"Host": "host-app"}, r"InvalidFlowQuestion\.NotFound"),
        ({"Host": "a\nb"}, r"InvalidFlowQuestion\.NotFound"),
        ({"Count": -1}, "At most 1000 flows may be told"),
        ({"Count": (1 << 31) - 1, "Flows": [{}] * 1001}, "At most 1000 flows may be told"),
        ({"Flows": [{}], "Count": 0}, "Count is how many there are"),
        ({"Flows": [{}] * 1001}, "At most 1000 flows may be told"),
        ({"Flows": [{"InterfaceId": "APP"}]}, "the host does not enforce eni-"),
        ({"Flows": [{"InterfaceId": "eni-0123456789abcdef0"}]}, "the host does not enforce eni-0123456789abcdef0"),
        ({"Flows": [{"InterfaceId": "<b>'; --"}]}, "the host does not enforce <b>'; --"),
        ({"Flows": [{"Source": "anywhere"}]}, "flows is invalid: 'anywhere' is no address"),
        ({"Flows": [{"Source": "fd00::1"}]}, "flows is invalid: the ends of a flow are of one family"),
        ({"Flows": [{"Protocol": 999}]}, "flows is invalid: 999 is not below 256"),
        ({"Flows": [{"DestinationPort": -1}]}, "flows is invalid: -1 is not below 65536"),
    ],
)
def test_what_a_host_cannot_tell(net: Net, given: Json, told: str) -> None:
    """Nonsense, and flows at interfaces that the host does not enforce, are refused, and nothing of it is kept."""
    asking = net.revoke("web")
    [question] = net.questions("host-web")
    params = {"Host": "host-web", "QuestionId": question["QuestionId"]} | given
    if "Flows" in given:
        params["Flows"] = [net.flow("web") | one for one in given["Flows"]]
        for one in params["Flows"]:
            one["InterfaceId"] = net.interfaces["app"] if one["InterfaceId"] == "APP" else one["InterfaceId"]
    with pytest.raises(ApiError, match=told):
        net.wall.call("TellFlows", **params)
    assert asking.answer()["State"] == "pending"


def test_worlds_do_not_meet(net: Net) -> None:
    """A question is of one account and region: others are not asked, and cannot answer."""
    net.revoke("web")
    [question] = net.questions("host-web")
    other = net.wall.elsewhere("111122223333")
    assert other.call("DescribeFlowQuestions", Host="host-web")["Questions"] == []
    with pytest.raises(ApiError, match=r"InvalidFlowQuestion\.NotFound"):
        other.call("TellFlows", Host="host-web", QuestionId=question["QuestionId"])


@pytest.mark.parametrize("wait", [-1, 21])
@pytest.mark.parametrize("name", ["PreviewFlows", "DescribeFlowQuestions"])
def test_a_wait_out_of_bounds(net: Net, name: str, wait: int) -> None:
    """It is refused, and nobody is asked."""
    call = {"Operation": "DeleteSecurityGroup", "Parameters": json.dumps({"GroupId": net.groups["idle"]})}
    params: Json = {"Host": "host-web"} if name == "DescribeFlowQuestions" else {"Calls": [call]}
    with pytest.raises(ApiError, match="parameter wait is invalid"):
        net.wall.call(name, Wait=wait, **params)


_ID = re.compile(r"\b[a-z]+-[0-9a-f]{17}\b|\b02(?::[0-9a-f]{2}){5}\b")
"""An id, or a MAC address, which follows from one."""

_LISTS = ("Groups", "Members", "PrefixLists", "Interfaces", "Peerings", "Vpcs", "Gone")


def _facts(told: Json, known: set[str]) -> list[str]:
    """Return facts as text, in order, with new ids, which are others each time that calls are tried, left out."""
    texts = (json.dumps(one, sort_keys=True) for member in _LISTS for one in told[member])
    return sorted(_ID.sub(lambda one: one[0] if one[0] in known else "new", text) for text in texts)


@settings(max_examples=MANY // 2)
@given(st.integers(0, 2**32))
def test_the_question_is_what_would_be(seed: int) -> None:
    """In random worlds those hosts are asked whom the call then concerns, for the facts that are told then."""
    random = seeded(seed)
    with Wall() as wall:
        scene = random_world(wall, random)
        for one in [one["NetworkInterfaceId"] for one in wall.call("DescribeNetworkInterfaces")["NetworkInterfaces"]]:
            wall.call("Acknowledge", Host=one, Revision=1, InterfaceIds=[one])
        before, known = wall.app.revision(), set(_ID.findall(json.dumps(wall.call("DescribeDesired"))))
        call = random_call(scene, random)
        told = Asking(wall, call).first
        asked = sorted(one["Host"] for one in told["Hosts"])
        questions = [wall.call("DescribeFlowQuestions", Host=host)["Questions"] for host in asked]
        with suppress(ApiError):
            wall.call(call[0], **call[1])
        if wall.app.revision() > before:
            hosts = wall.call("DescribePropagation", Revision=wall.app.revision())["Hosts"]
            assert asked == [one["Host"] for one in hosts if one["Concerned"]]
        desired = _facts(wall.call("DescribeDesired", After=before), known)
        assert all(_facts(question, known) == desired for [question] in questions)
