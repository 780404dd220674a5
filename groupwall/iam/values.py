"""Values of condition keys as what they stand for: numbers, times, addresses, bytes; None for what cannot be read.

What is asked again and again, such as a caller's address, is read once.
"""

from __future__ import annotations

import base64
import binascii
import re
from datetime import UTC, datetime, timedelta
from decimal import Decimal, InvalidOperation
from functools import lru_cache
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network

_NUMBER = re.compile(r"[-+]?(?:[0-9]{1,100}(?:\.[0-9]{0,100})?|\.[0-9]{1,100})(?:[eE][-+]?[0-9]{1,4})?")
_EPOCH = re.compile(r"-?[0-9]{1,12}(?:\.[0-9]{1,9})?")
_DAY = r"[0-9]{4}-[0-9]{2}-[0-9]{2}"
_MOMENT = re.compile(
    rf"{_DAY}(?:T[0-9]{{2}}:[0-9]{{2}}(?::[0-9]{{2}}(?:\.[0-9]{{1,9}})?)?(?:Z|[-+][0-9]{{2}}:[0-9]{{2}})?)?"
)
_BLOCK = re.compile(r"[0-9a-fA-F:.]{2,45}(?:/[0-9]{1,3})?")
_START = datetime(1970, 1, 1, tzinfo=UTC)
_SECOND = timedelta(seconds=1)
_REMEMBERED = 1024

Block = IPv4Network | IPv6Network


@lru_cache(_REMEMBERED)
def number(text: str) -> Decimal | None:
    """Read a decimal number, of at most 100 digits before and after the point (inferred)."""
    if not _NUMBER.fullmatch(text):
        return None
    try:
        return Decimal(text)
    except InvalidOperation:
        return None


@lru_cache(_REMEMBERED)
def moment(text: str) -> float | None:
    """Read a time, ISO 8601 or seconds since 1970, as seconds since 1970 (users 7.3 [docs]).

    A day is its first moment, and a time without a zone is UTC (inferred).
    """
    if _EPOCH.fullmatch(text):
        return float(text)
    if not _MOMENT.fullmatch(text):
        return None
    try:
        read = datetime.fromisoformat(text)
    except ValueError:
        return None
    return ((read if read.tzinfo else read.replace(tzinfo=UTC)) - _START) / _SECOND


@lru_cache(_REMEMBERED)
def block(text: str) -> Block | None:
    """Read a CIDR block, or one address as a block; bits beyond its length do not count (inferred)."""
    if not _BLOCK.fullmatch(text):
        return None
    try:
        return ip_network(text, strict=False)
    except ValueError:
        return None


@lru_cache(_REMEMBERED)
def address(text: str) -> IPv4Address | IPv6Address | None:
    """Read one address."""
    try:
        return ip_address(text)
    except ValueError:
        return None


def truth(text: str) -> bool | None:
    """Read ``true`` or ``false``, in any case (inferred)."""
    return {"true": True, "false": False}.get(text.lower())


def octets(text: str) -> bytes | None:
    """Read base64 (users 7.3 [docs])."""
    try:
        return base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        return None
