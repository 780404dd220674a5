"""What is shown of changes."""

from __future__ import annotations

from groupwall.commands.shown.history import changes, touched
from tests.driver import Wall
from tests.scenes import create_group, tcp

RULE = '{"group_id": "sg-1", "direction": "%s", "protocol": "%s", "from_port": %d, "to_port": %d, "peer": "%s"}'


def test_changes(wall: Wall) -> None:
    """A change is told in a line, and below what it touched: created, altered, removed (inferred)."""
    group_id = create_group(wall)
    wall.call("AuthorizeSecurityGroupIngress", GroupId=group_id, IpPermissions=[tcp(22, "10.0.0.0/8")])
    permission = tcp(22, ("10.0.0.0/8", "ssh"))
    wall.call("UpdateSecurityGroupRuleDescriptionsIngress", GroupId=group_id, IpPermissions=[permission])
    wall.call("RevokeSecurityGroupIngress", GroupId=group_id, IpPermissions=[permission])
    told = wall.call("DescribeChanges", After=2)
    rule_id = told["Changes"][0]["Deltas"][0]["Id"]
    assert [line.rstrip() for line in str(changes(told)).splitlines()] == [
        "REVISION  TIME                  CALLER        OPERATION",
        "       3  2026-09-21T14:13:20Z  root          AuthorizeSecurityGroupIngress",
        f"          + security-group-rule {rule_id}  tcp 22 from 10.0.0.0/8, of {group_id}",
        "       4  2026-09-21T14:13:20Z  root          UpdateSecurityGroupRuleDescriptionsIngress",
        f"          ~ security-group-rule {rule_id}  tcp 22 from 10.0.0.0/8, of {group_id}",
        "       5  2026-09-21T14:13:20Z  root          RevokeSecurityGroupIngress",
        f"          - security-group-rule {rule_id}  tcp 22 from 10.0.0.0/8, of {group_id}",
    ]


def test_no_changes(wall: Wall) -> None:
    """Where nothing has changed that is said (inferred)."""
    assert str(changes(wall.call("DescribeChanges"))) == "no changes"


def test_many_are_counted() -> None:
    """Of more than three entities of a kind that fared alike, or 24 rules, their number is told (inferred)."""
    tags = [{"Kind": "tag", "Id": f"sg-1/{key}", "After": "{}"} for key in "abcd"]
    names = [{"Kind": "vpc", "Id": f"vpc-{n}", "Before": '{"name": "x"}'} for n in range(2)]
    assert touched([*tags, *names]) == ["+ 4 of tag; --json shows each", "- vpc vpc-0  x", "- vpc vpc-1  x"]
    rule = RULE % ("ingress", "tcp", 22, 22, "10.0.0.0/8")
    rules = [{"Kind": "security-group-rule", "Id": f"sgr-{number}", "Before": rule} for number in range(25)]
    assert touched(rules) == ["- 25 of security-group-rule; --json shows each"]
    assert [line.split()[2] for line in touched(rules[1:])] == [f"sgr-{number}" for number in range(1, 25)]


def test_rules_in_a_line() -> None:
    """A rule is told as a person says it, whatever it holds (inferred)."""
    rules = [
        ("egress", "-1", -1, -1, "0.0.0.0/0"),
        ("ingress", "tcp", 80, 90, "sg-2"),
        ("ingress", "icmp", 8, -1, "::/0"),
    ]
    told = [touched([{"Kind": "security-group-rule", "Id": "sgr-1", "After": RULE % rule}]) for rule in rules]
    assert [line.partition("sgr-1  ")[2] for (line,) in told] == [
        "all to 0.0.0.0/0, of sg-1",
        "tcp 80-90 from sg-2, of sg-1",
        "icmp 8 from ::/0, of sg-1",
    ]


def test_what_was_altered() -> None:
    """Of what was altered is told what it was before, where that was another (inferred)."""
    before, after = (RULE % ("ingress", "tcp", 20, last, "10.0.0.0/8") for last in (25, 21))
    rule = {"Kind": "security-group-rule", "Id": "sgr-1", "Before": before, "After": after}
    group = {"Kind": "security-group", "Id": "sg-1", "Before": '{"name": "web"}', "After": '{"name": "web"}'}
    named = {"Kind": "expectation", "Id": "office", "After": '{"name": "office"}'}
    assert touched([rule, group, named]) == [
        "~ security-group-rule sgr-1  tcp 20-25 from 10.0.0.0/8 -> tcp 20-21 from 10.0.0.0/8, of sg-1",
        "~ security-group sg-1  web",
        "+ expectation office",
    ]


def test_why(wall: Wall) -> None:
    """An undo is told with the change that it undid, and any change with the reason that was given (inferred)."""
    calls = [{"Operation": "CreateSecurityGroup", "Parameters": '{"GroupName": "web", "Description": "d"}'}]
    made = wall.call("ApplyChanges", Calls=calls, Reason="as the ticket says")
    wall.call("UndoChange", Revision=made["Revision"])
    told = str(changes(wall.call("DescribeChanges", After=made["Revision"] - 1))).splitlines()
    assert told[1].endswith("  ApplyChanges of CreateSecurityGroup")
    assert told[2] == "          because: as the ticket says"
    assert f"UndoChange of revision {made['Revision']}" in "\n".join(told[3:])


def test_escapes_in_json_text() -> None:
    """What JSON text hides from the terminal stays hidden (inferred)."""
    line = touched([{"Kind": "vpc", "Id": "vpc-1", "After": '{"name": "\\u001b[31m\\n"}'}])
    assert line == [r"+ vpc vpc-1  \x1b[31m\n"]
