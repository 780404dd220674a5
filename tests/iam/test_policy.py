"""What policies decide: each row is a rule of AWS's evaluation, in words."""

from __future__ import annotations

from typing import NamedTuple

import pytest

from groupwall.iam.policy import Access, Policies, Policy, decide
from tests.iam.policies import ACTION, GROUP, Json, access, policy, statement

GROUPS = "arn:aws:ec2:*:*:security-group/*"
VPCS = "arn:aws:ec2:*:*:vpc/*"
KEYS = {"aws:username": ("alice",), "aws:several": ("a", "b"), "ec2:resourcetag/owner": ("alice",)}


class Row(NamedTuple):
    """One decision about a revoke on a group. expected: allow, explicit, or the kind of policy that lacks an allow."""

    rule: str
    identity: list[Json]
    expected: str
    boundary: list[Json] | None = None
    session: list[Json] | None = None
    version: str = "2012-10-17"


ALLOW, DENY = statement("Allow"), statement("Deny")
OTHER = statement(Action="s3:*")

PATHS = [
    Row("nothing allows: an implicit deny", [], "identity"),
    Row("an Allow allows", [ALLOW], "allow"),
    Row("a Deny alone is an explicit deny", [DENY], "explicit"),
    Row("a Deny wins over an Allow before it", [ALLOW, DENY], "explicit"),
    Row("a Deny wins over an Allow after it", [DENY, ALLOW], "explicit"),
    Row("an Allow of another action allows nothing here", [OTHER], "identity"),
    Row("a Deny of another action denies nothing here", [ALLOW, statement("Deny", Action="s3:*")], "allow"),
    Row("one of several statements is enough", [OTHER, ALLOW], "allow"),
    Row("the boundary allows too", [ALLOW], "allow", boundary=[ALLOW]),
    Row("a boundary that does not allow limits", [ALLOW], "boundary", boundary=[OTHER]),
    Row("an empty boundary allows nothing", [ALLOW], "boundary", boundary=[]),
    Row("a boundary gives nothing by itself", [], "identity", boundary=[ALLOW]),
    Row("a Deny in the boundary is explicit", [ALLOW], "explicit", boundary=[ALLOW, DENY]),
    Row("the session policy allows too", [ALLOW], "allow", session=[ALLOW]),
    Row("a session policy that does not allow limits", [ALLOW], "session", session=[OTHER]),
    Row("an empty session policy allows nothing", [ALLOW], "session", session=[]),
    Row("a session policy gives nothing by itself", [], "identity", session=[ALLOW]),
    Row("a Deny in the session policy is explicit", [ALLOW], "explicit", session=[DENY]),
    Row("all three allow", [ALLOW], "allow", boundary=[ALLOW], session=[ALLOW]),
    Row("the session limits within the boundary", [ALLOW], "session", boundary=[ALLOW], session=[OTHER]),
    Row("the boundary limits the session", [ALLOW], "boundary", boundary=[OTHER], session=[ALLOW]),
    Row("a Deny of the session comes before the lack of an allow", [], "explicit", session=[DENY]),
]

ACTIONS = [
    Row("an action is matched whole", [statement(Action="ec2:RevokeSecurityGroup")], "identity"),
    Row("actions know no case", [statement(Action="EC2:revokesecuritygroupINGRESS")], "allow"),
    Row("* in an action", [statement(Action="ec2:Revoke*")], "allow"),
    Row("* in the middle of an action", [statement(Action="ec2:*Group*gress")], "allow"),
    Row("? in an action is one character", [statement(Action="ec2:RevokeSecurityGroup?ngress")], "allow"),
    Row("? is not several characters", [statement(Action="ec2:RevokeSecurityGroup?gress")], "identity"),
    Row("* alone is every action", [statement(Action="*")], "allow"),
    Row("all of another service", [statement(Action="sts:*")], "identity"),
    Row("a list of actions is an OR", [statement(Action=["ec2:CreateTags", ACTION])], "allow"),
    Row("an empty list of actions matches none", [statement(Action=[])], "identity"),
    Row("NotAction allows every other action", [statement(NotAction="ec2:Describe*")], "allow"),
    Row("NotAction leaves its own out", [statement(NotAction="ec2:Revoke*")], "identity"),
    Row("NotAction: none of a list", [statement(NotAction=["s3:*", "ec2:Revoke*"])], "identity"),
    Row(
        "NotAction in a Deny denies every other action",
        [ALLOW, statement("Deny", NotAction="ec2:Describe*")],
        "explicit",
    ),
    Row("NotAction in a Deny spares its own", [ALLOW, statement("Deny", NotAction="ec2:*")], "allow"),
    Row("variables are plain text in actions", [statement(Action="ec2:Revoke*", Resource="*")], "allow"),
]

RESOURCES = [
    Row("the resource", [statement(Resource=GROUP)], "allow"),
    Row("another resource", [statement(Resource=f"{GROUP}0")], "identity"),
    Row("resources know case", [statement(Resource=GROUP.upper().replace("ARN", "arn"))], "identity"),
    Row("* in parts", [statement(Resource=GROUPS)], "allow"),
    Row("another type", [statement(Resource=VPCS)], "identity"),
    Row("a list of resources is an OR", [statement(Resource=[VPCS, GROUPS])], "allow"),
    Row("an empty list of resources matches none", [statement(Resource=[])], "identity"),
    Row("a Deny of another resource", [ALLOW, statement("Deny", Resource=VPCS)], "allow"),
    Row("NotResource allows every other resource", [statement(NotResource=VPCS)], "allow"),
    Row("NotResource leaves its own out", [statement(NotResource=GROUPS)], "identity"),
    Row("NotResource: none of a list", [statement(NotResource=[VPCS, GROUPS])], "identity"),
    Row("NotResource in a Deny denies every other", [ALLOW, statement("Deny", NotResource=VPCS)], "explicit"),
    Row("NotResource in a Deny spares its own", [ALLOW, statement("Deny", NotResource=GROUPS)], "allow"),
    Row("NotAction with NotResource: each by itself", [statement(NotAction="s3:*", NotResource=VPCS)], "allow"),
    Row("fewer parts with a last star", [statement(Resource="arn:aws:ec2:*")], "allow"),
    Row("fewer parts without", [statement(Resource="arn:aws:ec2")], "identity"),
]

OWN = {"StringEquals": {"ec2:ResourceTag/Owner": "${aws:username}"}}
NOT_OWN = {"StringNotEquals": {"ec2:ResourceTag/Owner": "${aws:username}"}}
END = f"{GROUP[:-3]}${{aws:id, 'ef0'}}"
ABSENT = "${aws:PrincipalTag/Team}"

VARIABLES = [
    Row("a variable in a condition", [statement(Condition=OWN)], "allow"),
    Row("a variable in a negated condition", [statement(Condition=NOT_OWN)], "identity"),
    Row("a policy of 2008 takes it as text", [statement(Condition=OWN)], "identity", version="2008-10-17"),
    Row("and so does its negation", [statement(Condition=NOT_OWN)], "allow", version="2008-10-17"),
    Row("a variable in a resource", [statement(Resource=f"{GROUPS[:-1]}${{aws:id, 'sg-*'}}")], "identity"),
    Row("a default in a resource", [statement(Resource=END)], "allow"),
    Row("2008: text in a resource", [statement(Resource=END)], "identity", version="2008-10-17"),
    Row("a resource of which a variable has no value", [statement(Resource=f"{GROUPS}{ABSENT}")], "identity"),
    Row("nor does it in a Deny", [ALLOW, statement("Deny", Resource=f"{GROUPS}{ABSENT}")], "allow"),
    Row("NotResource of it allows nothing (inferred)", [statement(NotResource=f"{VPCS}{ABSENT}")], "identity"),
    Row("and denies (inferred)", [ALLOW, statement("Deny", NotResource=f"{GROUPS}{ABSENT}")], "explicit"),
    Row("a condition with a variable that has no value does not match",
        [statement(Condition={"StringLike": {"aws:username": ABSENT}})], "identity"),
    Row("nor does it in a Deny: the value is not wanted",
        [ALLOW, statement("Deny", Condition={"StringLike": {"aws:username": ABSENT}})], "allow"),
    Row("with several values it has none",
        [statement(Condition={"StringLike": {"aws:username": "${aws:several}"}})], "identity"),
    Row("negated, such a condition allows nothing (inferred)",
        [statement(Condition={"StringNotEquals": {"aws:username": ABSENT}})], "identity"),
    Row("and denies (inferred)",
        [ALLOW, statement("Deny", Condition={"StringNotEquals": {"aws:username": ABSENT}})], "explicit"),
    Row("negated ARNs likewise (inferred)",
        [ALLOW, statement("Deny", Condition={"ArnNotLike": {"aws:PrincipalArn": f"{GROUPS}{ABSENT}"}})], "explicit"),
    Row("an ARN from a variable",
        [statement(Condition={"ArnEquals": {"aws:PrincipalArn": "${aws:PrincipalArn}"}})], "allow"),
    Row("a value that is no ARN, from a variable, is unread",
        [ALLOW, statement("Deny", Condition={"ArnEquals": {"aws:PrincipalArn": "${aws:username}"}})], "explicit"),
    Row("a literal star", [statement(Condition={"StringLike": {"aws:username": "${*}"}})], "identity"),
    Row("numbers have no variables", [statement(Condition={"NumericEquals": {"aws:n": "${aws:n}"}})], "identity"),
    Row("so that a Deny applies",
        [ALLOW, statement("Deny", Condition={"NumericEquals": {"aws:n": "${aws:n}"}})], "explicit"),
]  # fmt: skip

ROWS = [*PATHS, *ACTIONS, *RESOURCES, *VARIABLES]


def _policies(row: Row) -> Policies:
    def made(some: list[Json] | None, name: str) -> Policy | None:
        return None if some is None else policy(*some, name=name, version=row.version)

    session = made(row.session, "s")
    identity = policy(*row.identity, name="i", version=row.version)
    return Policies((identity,), made(row.boundary, "b"), None if session is None else (session,))


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.rule)
def test_policies_decide_by_the_rule(row: Row) -> None:
    """Each row is a rule of users 7.1 and 7.3 [docs], or one of ours where it says inferred."""
    keys = KEYS | {"aws:n": ("1",), "aws:principalarn": (GROUP,)}
    decision = decide(_policies(row), access(keys))
    told = "allow" if decision.allowed else "explicit" if decision.explicit else decision.limit
    assert told == row.expected, decision.why


def test_no_policies_at_all_deny() -> None:
    """A caller without policies may do nothing: users 7.1 [docs]."""
    decision = decide(Policies(()), access())
    assert (decision.allowed, decision.limit, decision.matched) == (False, "identity", ())


def test_an_empty_session_allows_nothing() -> None:
    """A session of no policies is a limit that lets nothing through; none is no limit (inferred)."""
    some = policy(ALLOW)
    assert decide(Policies((some,), session=()), access()).limit == "session"
    assert decide(Policies((some,), session=None), access()).allowed


def test_an_action_without_a_resource_is_allowed_on_a_star_only() -> None:
    """An action that has no resource is asked on ``*``, which no ARN matches: reference 22 [docs]."""
    asked = Access("ec2:DescribeSecurityGroups", "*", {})
    assert decide(Policies((policy(ALLOW),)), asked).allowed
    assert not decide(Policies((policy(statement(Resource=GROUPS)),)), asked).allowed


def test_an_allow_names_a_statement_of_each_kind() -> None:
    """The decision names what allowed it, one statement of each kind of policy (inferred)."""
    named = statement(Sid="Groups")
    decision = decide(Policies((policy(OTHER, named, name="i"),), policy(ALLOW, name="b")), access())
    assert [(one.kind, one.policy, one.statement.index) for one in decision.matched] == [
        ("identity", "i", 1),
        ("boundary", "b", 0),
    ]
    assert decision.matched[0].statement.document == named
    assert decision.why == "statement Groups of the identity policy i and statement 0 of the boundary policy b allow it"


def test_an_explicit_deny_names_every_statement_that_denies() -> None:
    """All Deny statements that apply are told, the first one in the sentence (inferred)."""
    policies = Policies((policy(ALLOW, statement("Deny", Sid="No"), name="i"),), session=(policy(DENY, name="s"),))
    decision = decide(policies, access())
    assert [(one.kind, one.statement.sid) for one in decision.matched] == [("identity", "No"), ("session", "")]
    assert decision.why == "statement No of the identity policy i denies it explicitly"


def test_an_implicit_deny_tells_what_came_nearest() -> None:
    """Each Allow of the action is told with what keeps it from applying, the nearest first (inferred)."""
    far = statement(
        Sid="Far", Action="ec2:*", Resource=VPCS, Condition={"Bool": {"aws:MultiFactorAuthPresent": "true"}}
    )
    near = statement(Sid="Near", Action="ec2:*", Condition={"StringEquals": {"aws:username": ["bob", "carol"]}})
    decision = decide(Policies((policy(far, near, OTHER),)), access(KEYS))
    assert decision.why == (
        f"no identity policy allows {ACTION} on {GROUP}: statement Near of the identity policy p does not apply: "
        'StringEquals of aws:username wants "bob" or "carol", finds "alice"; '
        'statement Far of the identity policy p does not apply: its Resource "arn:aws:ec2:*:*:vpc/*" does not cover '
        'the resource; Bool of aws:MultiFactorAuthPresent wants "true", finds none'
    )


def test_an_implicit_deny_of_an_action_that_nothing_names_says_so() -> None:
    """Where no statement allows the action on anything, that is what is told (inferred)."""
    assert decide(Policies((policy(OTHER),)), access()).why == (
        f"no identity policy allows {ACTION} on {GROUP}: no statement allows that action on anything"
    )


def test_a_long_policy_is_told_in_part() -> None:
    """Three statements are told and the others counted, with the beginning of long values (inferred)."""
    many = [statement(Condition={"StringEquals": {"aws:x": ["v" * 500, *"abcde"]}}) for _ in range(9)]
    why = decide(Policies((policy(*many),)), access()).why
    assert why.count("does not apply") == 3
    assert why.endswith("or 3 more, finds none; 6 more do not apply either")
    assert len(why) < 1000


def test_an_unreadable_value_is_told() -> None:
    """Why an Allow failed closed is said (inferred)."""
    some = policy(statement(Condition={"NumericLessThan": {"aws:n": "ten"}}))
    assert decide(Policies((some,)), access({"aws:n": ("1",)})).why.endswith(
        'NumericLessThan of aws:n wants "ten", finds "1", and a value cannot be read'
    )


def test_what_a_client_sent_cannot_break_the_sentence() -> None:
    """Values are told escaped, so that none of them begins a line or ends the quotation (inferred)."""
    some = policy(statement(Condition={"StringEquals": {"aws:x": "a"}}))
    why = decide(Policies((some,)), access({"aws:x": ('"\r\n\x1b[0m',)})).why
    assert why.endswith('wants "a", finds "\\"\\r\\n\\u001b[0m"')


def test_keys_are_only_asked_for() -> None:
    """The context may be read as it is asked for: a key that no condition names is never looked up (inferred)."""

    class Lazy:
        def __init__(self) -> None:
            self.asked: list[str] = []

        def get(self, name: str, /) -> tuple[str, ...] | None:
            self.asked.append(name)
            return KEYS.get(name)

    lazy = Lazy()
    some = policy(statement(Condition=OWN), statement(Action="s3:*", Condition={"Bool": {"aws:Other": "true"}}))
    assert decide(Policies((some,)), Access(ACTION, GROUP, lazy)).allowed
    assert set(lazy.asked) == {"ec2:resourcetag/owner", "aws:username"}


def test_what_an_action_can_match_is_remembered_within_limits() -> None:
    """However many actions are asked for, a policy remembers a bounded number, and decides the same (inferred)."""
    some = policy(statement(Action="ec2:Action1*"))
    for number in range(2000):
        assert decide(Policies((some,)), access(action=f"ec2:Action{number}")).allowed is str(number).startswith("1")
    assert len(some._remembered) <= 512  # noqa: SLF001 - the memory is what is looked at


@pytest.mark.parametrize("effect", ["Allow", "Deny"])
@pytest.mark.parametrize("place", ["resource", "value", "variable"])
def test_what_is_too_long_cannot_be_told(effect: str, place: str) -> None:
    """A text of more than 2,048 characters allows nothing and is denied, whatever the pattern (inferred).

    Some patterns take as many steps as text and pattern have characters, multiplied: seconds, for what a client sends.
    """
    slow = "a" * 1900 + "b*"
    about = {
        "resource": statement(effect, Resource=f"arn:aws:ec2:*:*:security-group/*{slow}"),
        "value": statement(effect, Condition={"StringLike": {"aws:x": f"*{slow}"}}),
        "variable": statement(effect, Condition={"StringNotLike": {"aws:y": "${aws:x}*"}}),
    }
    long = "a" * 900_000
    asked = access({"aws:x": (long,), "aws:y": ("b",)}, resource=f"{GROUP}{long}" if place == "resource" else GROUP)
    some = policy(about[place], *([statement()] if effect == "Deny" else []))
    decision = decide(Policies((some,)), asked)
    assert (decision.allowed, decision.explicit) == (False, effect == "Deny")
