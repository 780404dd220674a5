"""Throttling around an authenticator: whose requests are counted together, and what of failures."""

from __future__ import annotations

from dataclasses import replace

import pytest

from groupwall.authentication import Identity
from groupwall.errors import ApiError
from groupwall.iam.callers import Caller, assumed, behind, root
from groupwall.store.entities import AccessKey, World
from groupwall.throttling import Throttled, site_of
from groupwall.wire.message import Request
from groupwall.wire.sigv4 import Reason, SignatureError

NOW = 1_795_000_000_000
ACCOUNT = "123456789012"
WORLD = World(ACCOUNT, "us-east-1")
ASKED = Request("POST", "/", "", (), b"", "192.0.2.1")


def key(user: str, account: str = ACCOUNT) -> AccessKey:
    """Return a key of a user."""
    return AccessKey("AKIAEXAMPLE", account, user, "Active", 0, 0)


class Named:
    """An authenticator that takes the path of a request for who made it; nobody is believed without one."""

    def __init__(self, callers: dict[str, Caller]) -> None:
        self._callers = callers

    def __call__(self, request: Request, service: str, now: int) -> Identity:
        """Return who made a request."""
        del service, now
        if request.path not in self._callers:
            raise SignatureError(Reason.MISMATCH)
        return Identity(self._callers[request.path], WORLD)


CALLERS = {
    "alice": behind(key("alice"), "aws"),
    "bob": behind(key("bob"), "aws"),
    "other alice": behind(key("alice", "210987654321"), "aws"),
    "root": root(ACCOUNT, "aws"),
    "first": assumed(ACCOUNT, "admin", "first", "aws"),
    "second": assumed(ACCOUNT, "admin", "second", "aws"),
}


def told(throttled: Throttled, who: str, source: str = "192.0.2.1", now: int = NOW) -> str:
    """Return who is believed to have made a request, or why not."""
    try:
        return throttled(replace(ASKED, path=who, source=source), "ec2", now).caller.arn
    except ApiError as error:
        return f"{error.code} {error.status}"
    except SignatureError as error:
        return error.reason.name


LIMITED = "RequestLimitExceeded 503"


@pytest.mark.parametrize(
    ("one", "other", "shared"),
    [
        ("alice", "alice", True),
        ("alice", "bob", False),
        ("alice", "other alice", False),
        ("alice", "root", False),
        ("first", "second", True),
    ],
)
def test_whose_requests_are_counted_together(one: str, other: str, shared: bool) -> None:  # noqa: FBT001 - a column
    """A bucket is a principal's in its account; the sessions of a role share it: reference 1.3 [inferred]."""
    throttled = Throttled(Named(CALLERS), 1, 1)
    assert told(throttled, one) == CALLERS[one].arn
    assert (told(throttled, other) == LIMITED) is shared
    assert told(throttled, one, now=NOW + 1000) == CALLERS[one].arn


def test_failures_are_counted_by_address() -> None:
    """Who fails too often is told so, in place of why; others from elsewhere are not concerned (inferred)."""
    throttled = Throttled(Named({}), 1, 2)
    assert [told(throttled, "x") for _ in range(4)] == ["MISMATCH", "MISMATCH", LIMITED, LIMITED]
    assert told(throttled, "x", "192.0.2.2") == "MISMATCH"
    assert told(throttled, "x", now=NOW + 1000) == "MISMATCH"


def test_failures_of_others_lock_nobody_out() -> None:
    """A signature that holds is taken, however often others failed from the same address (inferred)."""
    throttled = Throttled(Named(CALLERS), 1, 1)
    assert [told(throttled, "x") for _ in range(5)][-1] == LIMITED
    assert told(throttled, "alice") == CALLERS["alice"].arn


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("192.0.2.1", "192.0.2.1", True),
        ("192.0.2.1", "192.0.2.2", False),
        ("::ffff:192.0.2.1", "192.0.2.1", True),
        ("2001:db8::1", "2001:db8::ffff:1", True),
        ("2001:db8::1", "2001:db8:0:1::1", False),
        ("fe80::1%eth0", "fe80::2", True),
        ("", "no address", True),
    ],
)
def test_a_network_counts_as_one(one: str, other: str, same: bool) -> None:  # noqa: FBT001 - a column
    """Whoever has an IPv6 address has as many as it likes, so the first half of it counts (inferred)."""
    assert (site_of(one) == site_of(other)) is same
