"""In process the history has a limit, so that a long test does not fill the memory with it."""

from __future__ import annotations

from groupwall.authentication import Open
from groupwall.config import DEFAULT_ACCOUNT, DEFAULT_REGION
from groupwall.inprocess.answers import FORGET_EVERY, KEPT, Answers, Caller
from groupwall.store.retention import PORTION, Retention
from groupwall.units import Ids
from groupwall.wire.versions import EC2_VERSION
from tests.driver import Wall


def test_the_newest_changes_are_kept() -> None:
    """Of many changes those are kept that are asked for, and a few more (inferred)."""
    most = 50
    with Wall() as wall:
        identify = Open(wall.account, wall.region, lambda: b"seal")
        answers = Answers(wall.app, Ids(1), identify, Retention(most=most))
        vpc_id = wall.call("DescribeVpcs")["Vpcs"][0]["VpcId"]
        for number in range(2 * PORTION):
            tag = {"ResourceId.1": vpc_id, "Tag.1.Key": "k", "Tag.1.Value": str(number)}
            answers.call(
                "ec2",
                {"Action": "CreateTags", "Version": EC2_VERSION, **tag},
                Caller(DEFAULT_ACCOUNT, DEFAULT_REGION),
            )
        found = wall.call("VerifyHistory")
    assert found["Intact"]
    assert most <= found["Checked"] <= most + FORGET_EVERY


def test_ten_thousand_are_kept_by_default() -> None:
    """A wall keeps the newest 10,000 changes (inferred)."""
    assert Retention(most=10_000) == KEPT
