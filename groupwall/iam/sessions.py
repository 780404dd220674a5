"""Temporary credentials: what GetSessionToken and AssumeRole give out, and what their token says.

Nothing is kept of a session: its token holds it, sealed, and its secret follows from its id. It ends at its time, or
with the access key that it was got by (inferred: AWS lets it live on), so that to disable a key shuts out who had it.
"""

from __future__ import annotations

import base64
import json
import string
from functools import lru_cache
from typing import NamedTuple

from groupwall.iam.sealing import NONCE_BYTES, SealError, derived, sealed, unsealed
from groupwall.units import Ids

_ID_ALPHABET = string.ascii_uppercase + "234567"
_PURPOSE = "session"
_SECRET = "session secret"  # noqa: S105 - what it is for
_SECRET_LENGTH = 40
_REMEMBERED = 1024
"""Sessions: a client makes many calls with one, and to open its token costs twice what its signature does."""


class Session(NamedTuple):
    """What a session's token says. key: the access key that it goes back to. role: its name, "" for a user's own.

    account: the role's. partition: where it was given out. policy: the document that limits the session, "" for none.
    issued, expires: in milliseconds since 1970.
    """

    id: str
    key: str
    account: str
    partition: str
    role: str
    name: str
    policy: str
    issued: int
    expires: int


class Given(NamedTuple):
    """The credentials of a session, as they are given out."""

    session: Session
    secret: str
    token: str


def begin(session: Session, seal: bytes, ids: Ids) -> Given:
    """Give out the credentials of a session; its id is drawn here."""
    session = session._replace(id="ASIA" + ids.text(_ID_ALPHABET, 16))
    nonce = ids.key()[:NONCE_BYTES]
    return Given(session, secret_of(session, seal), sealed(seal, _PURPOSE, json.dumps(session), nonce))


@lru_cache(maxsize=_REMEMBERED)
def opened(token: str, seal: bytes) -> Session:
    """Return what a session's token says. SealError for one that was never given out."""
    try:
        return Session(*json.loads(unsealed(seal, _PURPOSE, token)))
    except TypeError as error:  # of a groupwall whose sessions were others
        raise SealError from error


@lru_cache(maxsize=_REMEMBERED)
def secret_of(session: Session, seal: bytes) -> str:
    """Return a session's secret access key."""
    return base64.b64encode(derived(derived(seal, _SECRET), session.id)).decode()[:_SECRET_LENGTH]
