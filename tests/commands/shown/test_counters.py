"""What is shown of what rules let in [inferred]."""

from __future__ import annotations

from datetime import UTC, datetime

from groupwall.commands.shown.counters import counters, let_pass, unused
from tests.commands.shown.test_flows import printed
from tests.scenes import Json

SINCE = datetime(2026, 11, 23, 12, tzinfo=UTC)
LAST = datetime(2026, 11, 23, 13, 30, tzinfo=UTC)


def _counter(rule_id: str, flows: int, **others: object) -> Json:
    rule = {"GroupName": "web", "Text": "tcp 80 from 0.0.0.0/0"}
    told = {"SecurityGroupRuleId": rule_id, "GroupId": "sg-1", "Flows": flows, "Since": SINCE, "Hosts": ["one"]}
    return told | {"Rule": rule} | others


def test_a_line_for_each_rule() -> None:
    """A rule is told by its group, what it says, its flows and bytes, the last, since when, and who counts it."""
    revoked = _counter("sgr-2", 0, Until=LAST)
    del revoked["Rule"]
    title, first, second = printed(counters, {"Counters": [_counter("sgr-1", 3, Bytes=900, LastHit=LAST), revoked]})
    assert title.split() == ["GROUP", "RULE", "FLOWS", "BYTES", "LAST", "SINCE", "HOSTS"]
    assert first.split() == [
        *("web", "(sg-1)", "sgr-1", "tcp", "80", "from", "0.0.0.0/0", "3", "900"),
        *("2026-11-23T13:30:00Z", "2026-11-23T12:00:00Z", "one"),
    ]
    assert second.split() == [
        *("sg-1", "sgr-2", "revoked", "0", "-", "never", "2026-11-23T12:00:00Z", "one,", "until"),
        "2026-11-23T13:30:00Z",
    ]


def test_nothing_is_told_of_nothing() -> None:
    """Without rules to tell of, a line says why."""
    assert printed(counters, {"Counters": []}) == ["no rule is counted"]
    assert printed(unused, {"Counters": []}) == ["every rule that is counted has let a flow pass"]


def test_what_a_rule_let_in_as_a_person_says_it() -> None:
    """One flow is one flow, and none is none since a time; an egress rule lets out."""
    assert let_pass({"Flows": 0}, SINCE, is_egress=False) == "let in no flow since 2026-11-23T12:00:00Z"
    assert let_pass({"Flows": 1}, SINCE, is_egress=True) == "let out 1 flow since 2026-11-23T12:00:00Z"
    told = let_pass({"Flows": 7, "LastHit": LAST}, SINCE, is_egress=False)
    assert told == "let in 7 flows since 2026-11-23T12:00:00Z, the last at 2026-11-23T13:30:00Z"
