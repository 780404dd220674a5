"""Laws that hold of all policies: what a Deny, an Allow, an order and a limit can change."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

import tests.strategies  # noqa: F401 - sets how many examples are drawn
from groupwall.iam.policy import Access, Decision, Policies, decide
from tests.iam.policies import Json, policy, statement

ACTIONS = ["ec2:A", "ec2:B", "s3:A", "ec2:*", "*", "EC2:?"]
RESOURCES = ["*", "arn:aws:ec2:*", "arn:aws:ec2:*:*:g/1", "arn:aws:ec2:r:1:g/${aws:a}", "arn:aws:ec2:r:1:v/*"]
OPERATORS = [
    "StringEquals", "StringNotEquals", "StringLike", "StringNotLike", "NumericEquals", "NumericNotEquals", "Bool",
    "NotIpAddress", "DateLessThan", "ArnLike", "ArnNotLike", "Null",
]  # fmt: skip
VALUES = ["1", "2", "true", "x*", "${aws:b}", "10.0.0.0/8", "arn:aws:ec2:r:1:g/1"]
NAMES = ["aws:a", "aws:b", "aws:c"]

operators = st.builds(
    lambda prefix, name, suffix: name if name == "Null" else f"{prefix}{name}{suffix}",
    st.sampled_from(["", "ForAllValues:", "ForAnyValue:"]),
    st.sampled_from(OPERATORS),
    st.sampled_from(["", "IfExists"]),
)
conditions = st.dictionaries(
    operators,
    st.dictionaries(st.sampled_from(NAMES), st.lists(st.sampled_from(VALUES), max_size=2), max_size=2),
    max_size=2,
)


def _some(values: list[str]) -> st.SearchStrategy[list[str]]:
    return st.lists(st.sampled_from(values), min_size=1, max_size=2)


@st.composite
def statements(draw: st.DrawFn, effects: tuple[str, ...] = ("Allow", "Deny")) -> Json:
    """Statements of every shape, about few things, so that they meet."""
    about = {draw(st.sampled_from(["Action", "NotAction"])): draw(_some(ACTIONS))}
    where = {draw(st.sampled_from(["Resource", "NotResource"])): draw(_some(RESOURCES))}
    return statement(draw(st.sampled_from(effects)), **about, **where, Condition=draw(conditions))


accesses = st.builds(
    Access,
    st.sampled_from(["ec2:A", "ec2:B", "s3:A"]),
    st.sampled_from(["*", "arn:aws:ec2:r:1:g/1", "arn:aws:ec2:r:1:v/1"]),
    st.dictionaries(st.sampled_from(NAMES), st.lists(st.sampled_from(VALUES), max_size=2).map(tuple)),
)
some_statements = st.lists(statements(), max_size=4)
versions = st.sampled_from(["2008-10-17", "2012-10-17"])
EVERYTHING = policy(statement())


def decided(some: list[Json], asked: Access, version: str = "2012-10-17") -> Decision:
    """Return what statements decide."""
    return decide(Policies((policy(*some, version=version),)), asked)


@given(some_statements, statements(("Deny",)), accesses, versions)
def test_another_deny_never_allows_more(some: list[Json], deny: Json, asked: Access, version: str) -> None:
    """What is denied stays denied when a Deny is added: users 7.1 [docs]."""
    assert decided(some, asked, version).allowed >= decided([*some, deny], asked, version).allowed


@given(some_statements, statements(("Allow",)), accesses, versions)
def test_another_allow_never_allows_less(some: list[Json], allow: Json, asked: Access, version: str) -> None:
    """What is allowed stays allowed when an Allow is added: users 7.1 [docs]."""
    assert decided(some, asked, version).allowed <= decided([*some, allow], asked, version).allowed


@given(some_statements, st.randoms(use_true_random=False), accesses)
def test_the_order_of_statements_never_matters(some: list[Json], chance: object, asked: Access) -> None:
    """Statements decide as a set, in whatever order and however cut into policies: users 7.1 [docs]."""
    mixed = list(some)
    chance.shuffle(mixed)  # type: ignore[attr-defined]
    apart = decide(Policies(tuple(policy(one) for one in mixed)), asked)
    for other in (decided(mixed, asked), apart):
        assert decided(some, asked)[:3] == other[:3]
        assert _denying(decided(some, asked)) == _denying(other)


def _denying(decision: Decision) -> list[str]:
    return sorted(str(one.statement.document) for one in decision.matched) if decision.explicit else []


@given(some_statements, accesses)
def test_no_limit_is_a_limit_that_allows_everything(some: list[Json], asked: Access) -> None:
    """An absent boundary or session policy limits as one that allows all does: users 7.1 [docs]."""
    one = policy(*some)
    free = decide(Policies((one,)), asked)
    for limited in (Policies((one,), EVERYTHING), Policies((one,), None, (EVERYTHING,))):
        assert free[:3] == decide(limited, asked)[:3]


@given(some_statements, some_statements, some_statements, accesses)
def test_every_limit_has_to_allow(first: list[Json], second: list[Json], third: list[Json], asked: Access) -> None:
    """All three kinds together allow exactly what each of them alone would: users 7.1 [docs]."""
    one, two, three = policy(*first), policy(*second), policy(*third)
    together = decide(Policies((one,), two, (three,)), asked)
    alone = [decide(Policies((some,)), asked) for some in (one, two, three)]
    assert together.allowed is all(decision.allowed for decision in alone)
    assert together.explicit is any(decision.explicit for decision in alone)
    assert together.why


@given(statements(("Allow",)), accesses)
def test_the_deny_of_what_is_allowed_denies_it(allow: Json, asked: Access) -> None:
    """A Deny applies wherever the same statement as an Allow does, and where a value is unread: users 7.3 [docs]."""
    if decided([allow], asked).allowed:
        assert decided([statement(), {**allow, "Effect": "Deny"}], asked).explicit
