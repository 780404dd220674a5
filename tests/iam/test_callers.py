"""Who stands behind an access key."""

from __future__ import annotations

import re

from groupwall.iam.callers import behind, root
from groupwall.store.entities import AccessKey


def key(account: str, user: str) -> AccessKey:
    """Return a key of a user."""
    return AccessKey("AKIAEXAMPLE", account, user, "Active", 0)


def test_a_key_of_nobody_is_the_accounts_root() -> None:
    """Without a user the caller is the root, whose id is the account's: IAM's form [docs]."""
    assert behind(key("123456789012", ""), "aws") == root("123456789012", "aws")
    assert root("123456789012", "aws-cn") == ("123456789012", "arn:aws-cn:iam::123456789012:root", "123456789012")


def test_a_user_has_an_arn_and_an_id_of_its_own() -> None:
    """A user's ARN names it, and its id has the form of AWS's, always the same and another for each user (inferred)."""
    alice = behind(key("123456789012", "alice"), "aws")
    assert alice.arn == "arn:aws:iam::123456789012:user/alice"
    assert re.fullmatch("AIDA[0-9A-F]{17}", alice.user_id)
    assert behind(key("123456789012", "alice"), "aws") == alice
    others = [behind(key("123456789012", "bob"), "aws"), behind(key("111122223333", "alice"), "aws")]
    assert len({alice.user_id, *(other.user_id for other in others)}) == 3
