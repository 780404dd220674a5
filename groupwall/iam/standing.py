"""What stands behind a caller: its key, its session and its policies, for operations that are about these."""

from __future__ import annotations

from typing import NamedTuple

from groupwall.iam.facts import Facts
from groupwall.iam.policy import Policies
from groupwall.iam.sessions import Session
from groupwall.store.entities import AccessKey


class Standing(NamedTuple):
    """What stands behind a caller.

    key: what it signed with, or what its session goes back to; None for one who is only believed. session: the
    temporary credentials that it used. policies: None where none count. facts: what a condition asks of the call.
    """

    key: AccessKey | None
    session: Session | None
    policies: Policies | None
    facts: Facts
