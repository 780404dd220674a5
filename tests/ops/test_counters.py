"""What rules let in: told by hosts, each report once, added up, kept beside the history [inferred]."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from groupwall.errors import ApiError
from groupwall.ops.enforcement.counters import MOST_RULES
from groupwall.store.counters import LARGEST
from groupwall.store.retention import Retention
from tests.driver import NOW, Wall
from tests.interfaces import create_interface
from tests.law import breaches
from tests.scenes import Json, allow, create_group, tcp
from tests.strategies import EXAMPLES as MANY


class Scene:
    """A group with two rules, and what hosts tell of them."""

    def __init__(self, wall: Wall) -> None:
        self.wall = wall
        self.group = create_group(wall, "web")
        self.web, self.ssh = allow(wall, self.group, tcp(80, "0.0.0.0/0"), tcp(22, "10.0.0.0/8"))

    def tell(self, number: int, *told: Json, host: str = "one", series: str = "first") -> bool:
        """Have a host tell; return whether it was counted."""
        given = {"Host": host, "Series": series, "Number": number, "Counters": list(told)}
        return bool(self.wall.call("TellCounters", **given)["Counted"])

    def counters(self, **params: Any) -> dict[str, Json]:  # noqa: ANN401 - as boto3 gives them
        """Return the counters that are asked for, by rule."""
        return {one["SecurityGroupRuleId"]: one for one in self.wall.call("DescribeCounters", **params)["Counters"]}

    def flows(self) -> dict[str, int]:
        """Return how many flows each counted rule let in."""
        return {rule_id: one["Flows"] for rule_id, one in self.counters().items()}


@pytest.fixture
def scene(wall: Wall) -> Scene:
    """Return the group."""
    return Scene(wall)


def _of(rule_id: str, flows: int = 0, **more: Any) -> Json:  # noqa: ANN401 - the other members
    return {"SecurityGroupRuleId": rule_id, "Flows": flows, **more}


def _ms(told: Json, name: str) -> int | None:
    return round(told[name].timestamp() * 1000) if name in told else None


def test_reports_are_added_up(scene: Scene) -> None:
    """Flows and bytes are sums over reports and hosts; last hit is the latest, since the earliest (issue 6)."""
    assert scene.tell(1, _of(scene.web, 3, Bytes=100, LastHit=NOW - 5000), _of(scene.ssh))
    scene.wall.clock.advance(10)
    assert scene.tell(2, _of(scene.web, 4, Bytes=1, LastHit=NOW + 9000))
    assert scene.tell(1, _of(scene.web, 1, LastHit=NOW + 1000), host="two")
    found = scene.counters()
    web, ssh = found[scene.web], found[scene.ssh]
    assert (web["Flows"], web["Bytes"], _ms(web, "LastHit"), _ms(web, "Since")) == (8, 101, NOW + 9000, NOW)
    assert (web["Hosts"], web["Rule"]["Text"], web["GroupId"]) == (["one", "two"], "tcp 80 from 0.0.0.0/0", scene.group)
    assert ssh["Flows"] == 0
    assert not {"Bytes", "LastHit", "Until"} & ssh.keys()


def test_a_report_is_counted_once(scene: Scene) -> None:
    """A report that comes again is not counted again, nor one from before; a new series begins anew (inferred)."""
    told = [(1, "a"), (1, "a"), (2, "a"), (1, "a"), (2, "a"), (1, "b"), (1, "b")]
    counted = [scene.tell(number, _of(scene.web, 1), series=series) for number, series in told]
    assert counted == [True, False, True, False, False, True, False]
    assert scene.flows() == {scene.web: 3}


@settings(max_examples=MANY, deadline=None)
@given(
    st.lists(
        st.tuples(st.sampled_from(["one", "two"]), st.integers(0, 3), st.integers(0, 9), st.integers(1, 3)), max_size=8
    )
)
def test_retries_change_nothing(told: list[tuple[str, int, int, int]]) -> None:
    """However often each report comes, what is counted is the sum of all of them, host by host (inferred)."""
    with Wall() as wall:
        scene = Scene(wall)
        numbers = {"one": 0, "two": 0}
        for host, web, ssh, times in told:
            numbers[host] += 1
            again = [
                scene.tell(numbers[host], _of(scene.web, web), _of(scene.ssh, ssh), host=host) for _ in range(times)
            ]
            assert again == [True, *[False] * (times - 1)]
        expected = {scene.web: sum(one[1] for one in told), scene.ssh: sum(one[2] for one in told)}
        assert scene.flows() == (expected if told else {})


def test_counts_are_no_change(scene: Scene, tmp_path: Path) -> None:
    """What hosts count makes no revision and no delta, and the law holds as before (inferred)."""
    before = scene.wall.app.revision()
    scene.tell(1, _of(scene.web, 3, Bytes=7))
    assert scene.wall.app.revision() == before
    scene.wall.copy_to(tmp_path)
    assert breaches(tmp_path) == []


def test_a_restart_keeps_them(tmp_path: Path) -> None:
    """Counts are there after a start of the server, and so is which reports were counted (inferred)."""
    with Wall(data=str(tmp_path)) as wall:
        scene = Scene(wall)
        scene.tell(1, _of(scene.web, 3))
    with Wall(data=str(tmp_path)) as wall:
        scene.wall = wall
        assert not scene.tell(1, _of(scene.web, 3))
        assert scene.flows() == {scene.web: 3}


def test_a_description_keeps_the_count_and_a_revoke_ends_it(scene: Scene) -> None:
    """A rule keeps its count with another description; authorised again it is another rule, which has none yet."""
    scene.tell(1, _of(scene.web, 3))
    described = tcp(80, "0.0.0.0/0") | {"IpRanges": [{"CidrIp": "0.0.0.0/0", "Description": "for all"}]}
    scene.wall.call("UpdateSecurityGroupRuleDescriptionsIngress", GroupId=scene.group, IpPermissions=[described])
    assert scene.flows() == {scene.web: 3}
    scene.wall.call("RevokeSecurityGroupIngress", GroupId=scene.group, SecurityGroupRuleIds=[scene.web])
    (again,) = allow(scene.wall, scene.group, tcp(80, "0.0.0.0/0"))
    scene.tell(2, _of(scene.web, 1, Ended=True), _of(again))
    found = scene.counters(GroupIds=[scene.group])
    assert {rule_id: one["Flows"] for rule_id, one in found.items()} == {scene.web: 4, again: 0}
    assert "Rule" not in found[scene.web]


def test_unused_rules(scene: Scene) -> None:
    """Unused are rules that are there, that a host counts now, and that let nothing in since (issue 6)."""
    other, gone = allow(scene.wall, scene.group, tcp(443, "0.0.0.0/0"), tcp(444, "0.0.0.0/0"))
    scene.tell(1, _of(scene.web, 3), _of(scene.ssh), _of(other, Ended=True), _of(gone))
    scene.wall.call("RevokeSecurityGroupIngress", GroupId=scene.group, SecurityGroupRuleIds=[gone])
    assert list(scene.counters(Unused=True)) == [scene.ssh]
    assert {scene.ssh, other, gone} < {*scene.counters()}
    scene.tell(2, _of(scene.ssh, 1))
    assert scene.counters(Unused=True) == {}


def test_since_begins_again_with_the_counting(scene: Scene) -> None:
    """A rule that nobody counted for a while is not told as unused since before: nobody looked (inferred)."""
    scene.tell(1, _of(scene.web), _of(scene.ssh, 1))
    scene.wall.clock.advance(60)
    scene.tell(2, _of(scene.web, Ended=True), _of(scene.ssh, Ended=True))
    found = scene.counters()
    assert {_ms(one, "Until") for one in found.values()} == {NOW + 60_000}
    scene.wall.clock.advance(60)
    scene.tell(3, _of(scene.web), _of(scene.ssh))
    found = scene.counters()
    assert (_ms(found[scene.web], "Since"), _ms(found[scene.ssh], "Since")) == (NOW + 120_000, NOW)
    assert not any("Until" in one for one in found.values())


def test_pages_and_choices(scene: Scene) -> None:
    """Counters come by group and rule, page by page, and by group or rule where some are asked for (inferred)."""
    others = allow(scene.wall, create_group(scene.wall, "app"), *(tcp(port, "10.0.0.0/8") for port in range(1, 12)))
    scene.tell(1, *(_of(one) for one in (scene.web, *others)))
    pages, more = [], {}
    while True:
        page = scene.wall.call("DescribeCounters", MaxResults=5, **more)
        pages += [(one["GroupId"], one["SecurityGroupRuleId"]) for one in page["Counters"]]
        if "NextToken" not in page:
            break
        more = {"NextToken": page["NextToken"]}
    assert pages == sorted(pages)
    assert {rule_id for _, rule_id in pages} == {scene.web, *others}
    assert set(scene.counters(GroupIds=[scene.group])) == {scene.web}
    assert set(scene.counters(SecurityGroupRuleIds=[others[0], scene.ssh])) == {others[0]}


def test_what_never_was_is_not_kept(scene: Scene) -> None:
    """Of rules that never were, and of other accounts', nothing is kept: a host cannot fill the store (inferred)."""
    assert scene.tell(1, _of("sgr-00000000", 3))
    elsewhere = scene.wall.elsewhere("111122223333")
    create_group(elsewhere)
    told = {"Host": "one", "Series": "x", "Number": 1, "Counters": [_of(scene.web, 1)]}
    assert elsewhere.call("TellCounters", **told) == {"Counted": True, "New": True}
    assert elsewhere.call("DescribeCounters")["Counters"] == []
    assert scene.flows() == {}


def test_nothing_is_counted_where_nothing_is(wall: Wall) -> None:
    """A world that nobody wrote to does not begin by a report (inferred)."""
    told = {"Host": "one", "Series": "x", "Number": 1}
    assert wall.call("TellCounters", **told) == {"Counted": False, "New": False}
    assert wall.app.revision() == 0


def test_sums_end_at_the_largest(scene: Scene) -> None:
    """What would not fit is the largest number there is, and no last hit is yet to come (inferred)."""
    for number in (1, 2):
        scene.tell(number, _of(scene.web, (1 << 63) - 1, Bytes=LARGEST, LastHit=NOW * 2))
    web = scene.counters()[scene.web]
    assert (web["Flows"], web["Bytes"], _ms(web, "LastHit")) == (LARGEST, LARGEST, NOW)


@pytest.mark.parametrize(
    "wrong",
    [
        {"Series": ""},
        {"Series": "x" * 65},
        {"Number": 0},
        {"Counters": [{"SecurityGroupRuleId": "sgr-00000000", "Flows": -1}]},
        {"Counters": [{"SecurityGroupRuleId": "sgr-00000000", "Bytes": -1}]},
        {"Counters": [{"SecurityGroupRuleId": "sgr-00000000"}] * (MOST_RULES + 1)},
    ],
    ids=["no series", "long series", "no number", "flows", "bytes", "rules"],
)
def test_nonsense_is_refused(wall: Wall, wrong: Json) -> None:
    """What cannot be added up is refused (inferred)."""
    sound: Json = {"Host": "one", "Series": "x", "Number": 1}
    with pytest.raises(ApiError, match="A report has a series"):
        wall.call("TellCounters", **sound | wrong)


def test_a_forgotten_host_counts_no_more(scene: Scene) -> None:
    """What a host counted that is forgotten stays, until then; nobody calls a rule unused for it (inferred)."""
    scene.wall.call("Acknowledge", Host="one", Revision=1, InterfaceIds=["eni-00000000"])
    scene.tell(1, _of(scene.web, 3), _of(scene.ssh))
    scene.wall.clock.advance(60)
    scene.wall.call("ForgetHost", Host="one")
    assert {rule_id: (one["Flows"], _ms(one, "Until")) for rule_id, one in scene.counters().items()} == {
        scene.web: (3, NOW + 60_000),
        scene.ssh: (0, NOW + 60_000),
    }
    assert scene.counters(Unused=True) == {}
    told = {"Host": "one", "Series": "first", "Counters": [_of(scene.ssh)]}
    assert [scene.wall.call("TellCounters", **told, Number=number)["New"] for number in (2, 3)] == [True, False]
    assert list(scene.counters(Unused=True)) == [scene.ssh]


def test_another_series_is_another_beginning(scene: Scene) -> None:
    """What a host does not tell of in a new series it counts no more: it has forgotten what it counted (inferred)."""
    scene.tell(1, _of(scene.web), _of(scene.ssh))
    scene.wall.clock.advance(60)
    scene.tell(1, _of(scene.ssh), series="second")
    found = scene.counters(Unused=True)
    assert (list(found), _ms(found[scene.ssh], "Since")) == ([scene.ssh], NOW + 60_000)
    assert _ms(scene.counters()[scene.web], "Until") == NOW + 60_000


def test_counts_go_with_the_history(tmp_path: Path) -> None:
    """A revoked rule's counts are kept as long as its revoke is, and so are those of silent hosts (inferred)."""
    with Wall(data=str(tmp_path)) as wall:
        scene = Scene(wall)
        scene.tell(1, _of(scene.web, 3), _of(scene.ssh, 2))
        scene.tell(1, _of(scene.ssh, 5), host="silent")
        wall.call("Acknowledge", Host="one", Revision=1, InterfaceIds=["eni-00000000"])
        wall.call("RevokeSecurityGroupIngress", GroupId=scene.group, SecurityGroupRuleIds=[scene.web])
        assert scene.flows() == {scene.web: 3, scene.ssh: 7}
        wall.clock.advance(3600)
        create_group(wall, "later")
        assert not wall.app.forget(Retention(age=7_200_000))
        assert scene.flows() == {scene.web: 3, scene.ssh: 7}
        wall.clock.advance(3600)
        create_group(wall, "last")
        while wall.app.forget(Retention(age=1_800_000)):
            pass
        assert scene.flows() == {scene.ssh: 2}
        assert breaches(tmp_path) == []


def test_explain_tells_what_admitting_rules_let_in(scene: Scene) -> None:
    """Each rule that admits a flow is told with its count, where it is counted; of the past nothing is (issue 6)."""
    interface = create_interface(scene.wall, Groups=[scene.group])
    scene.tell(1, _of(scene.web, 3, LastHit=NOW - 60_000))
    asked = {"From": "192.0.2.1", "To": interface, "FromPort": 80}
    (web,) = scene.wall.call("ExplainFlow", **asked)["Courses"][0]["Gates"][0]["Rules"]
    assert (web["Flows"], _ms(web, "LastHit"), _ms(web, "CountedSince")) == (3, NOW - 60_000, NOW)
    (ssh,) = scene.wall.call("ExplainFlow", **asked | {"From": "10.0.0.1", "FromPort": 22})["Courses"][0]["Gates"][0][
        "Rules"
    ]
    then = scene.wall.call("ExplainFlow", **asked, AtRevision=scene.wall.app.revision())
    (past,) = then["Courses"][0]["Gates"][0]["Rules"]
    assert not {"Flows", "LastHit", "CountedSince"} & {*ssh, *past}
