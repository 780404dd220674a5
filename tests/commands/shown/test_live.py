"""What is shown of flows under way that a cut would end."""

from __future__ import annotations

from typing import Any

import pytest
from rich.console import Group

from groupwall.commands.shown.live import live_flows
from tests.commands.shown.test_effects import drawn

Json = dict[str, Any]

FLOW = {
    "Text": "tcp 10.0.0.5:40000 -> 10.0.0.9:22", "InterfaceId": "eni-1", "IsEgress": False, "Host": "one",
    "Rules": [{"SecurityGroupRuleId": "sgr-1", "Text": "tcp 22 from 10.0.0.0/8", "GroupName": "web"}],
}  # fmt: skip


def _host(name: str, state: str = "answered") -> Json:
    return {"Host": name, "State": state}


def _shown(state: str, **told: Any) -> list[str]:  # noqa: ANN401 - members of the answer
    return drawn(Group(*live_flows({"State": state, "Flows": [], "Hosts": [], "Omitted": 0} | told)))


def test_flows_are_shown_with_who_admits_them() -> None:
    """Each has a line: ends, gate, host, whether it stops anyhow, and the rules that admit it now (inferred)."""
    out = FLOW | {"IsEgress": True, "Rules": [], "Stops": True}
    flows = [FLOW, out, out | {"ByTag": True}]
    headline, titles, *rows = _shown("complete", Flows=flows, Hosts=[_host("one")], Omitted=3)
    assert headline == "flows under way that a cut would end: 6"
    assert titles.split("  ")[0] == "FLOW"
    flow = "tcp 10.0.0.5:40000 -> 10.0.0.9:22"
    assert [" ".join(row.split()) for row in rows[:3]] == [
        f"{flow} ingress of eni-1 one lives on sgr-1 tcp 22 from 10.0.0.0/8, of web",
        f"{flow} egress of eni-1 one stops no rule any more",
        f"{flow} egress of eni-1 one is cut (tag) no rule any more",
    ]
    assert rows[3:] == ["and 3 more"]


@pytest.mark.parametrize(
    ("state", "told", "lines"),
    [
        ("complete", {"Hosts": [_host("one")]}, ["flows under way that a cut would end: none"]),
        ("not-enforced", {}, ["flows under way: not known, no host enforces what this alters"]),
        ("pending", {"Hosts": [_host("one", "awaited")]}, ["flows under way are not known: one has not answered"]),
        ("incomplete", {"Hosts": [_host("one", "dead")]}, ["flows under way are not known: one is dead"]),
        (
            "incomplete",
            {"Hosts": [_host("one"), _host("two", "dead")], "NotEnforced": ["eni-3"]},
            [
                "flows under way that a cut would end: none",
                "flows under way are not known: two is dead",
                "no host enforces eni-3",
            ],
        ),
        ("complete", {"Refused": {"Code": "x"}}, []),
    ],
)
def test_what_is_not_known_is_not_none(state: str, told: Json, lines: list[str]) -> None:
    """Hosts that did not answer are named, and only where one has is it said that there is no flow (inferred)."""
    assert _shown(state, **told) == lines
