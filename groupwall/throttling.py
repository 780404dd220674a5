"""How often who may ask: a stage around an authenticator, ``--requests-per-second``."""

from __future__ import annotations

import ipaddress

from groupwall import errors
from groupwall.authentication import Authenticator, Identity
from groupwall.buckets import Buckets
from groupwall.errors import ApiError
from groupwall.wire.message import Request
from groupwall.wire.sigv4 import SignatureError

_SITE_BITS = 64
"""Of an IPv6 address: who has one has the 2**64 that begin so."""


class Throttled:
    """Let each caller make so many requests, and each address so many that nobody can be believed to have made.

    A principal's keys and sessions share one bucket, as API throttling is by account and user at AWS [reference 1.3,
    docs]. A signature that holds is never refused for the failures of others from its address: behind a proxy all
    callers have one, and anybody could lock them out (inferred).
    """

    def __init__(self, authenticate: Authenticator, rate: float, burst: int) -> None:
        self._authenticate = authenticate
        self._callers = Buckets(rate, burst)
        self._strangers = Buckets(rate, burst)

    def __call__(self, request: Request, service: str, now: int) -> Identity:
        """Return who signed, as the authenticator does. ApiError, RequestLimitExceeded, for who asks too often."""
        try:
            identity = self._authenticate(request, service, now)
        except (ApiError, SignatureError):
            if not self._strangers.take(site_of(request.source), now):
                raise errors.request_limit_exceeded() from None
            raise
        if not self._callers.take(identity.caller.principal_id, now):
            raise errors.request_limit_exceeded()
        return identity


def site_of(source: str) -> str:
    """Return what failures are counted by: an IPv4 address, the first half of an IPv6 one, "" for what is neither."""
    try:
        address = ipaddress.ip_address(source.partition("%")[0])
    except ValueError:
        return ""
    if isinstance(address, ipaddress.IPv6Address) and address.ipv4_mapped is None:
        return str(int(address) >> _SITE_BITS)
    return str(getattr(address, "ipv4_mapped", None) or address)
