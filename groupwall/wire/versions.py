"""The API versions that are spoken: which service each belongs to, and the XML namespace of its replies."""

from __future__ import annotations

import re
from datetime import date

STS_VERSION = "2011-06-15"
GROUPWALL_VERSION = "2026-11-01"
EC2_VERSION = "2016-11-15"

EC2_VERSIONS = frozenset({
    "2014-09-01", "2014-10-01", "2015-03-01", "2015-04-15", "2015-10-01", "2016-04-01", "2016-09-15", EC2_VERSION,
})  # fmt: skip
"""Those that AWS shipped models for: reference 1.1 [model]."""

_OLDEST, _NEWEST_UNSHIPPED = "2009-11-30", "2014-06-15"
_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")


def service_of(version: str) -> str | None:
    """Return ``ec2``, ``sts`` or ``groupwall``; None for a version that nothing of ours has.

    Any date from 2009-11-30 to 2014-06-15 is one of EC2's, seen in old clients: reference 1.1 [recorded], the date
    being well-formed is all that is asked [inferred]. STS's one version lies among them.
    """
    if version in EC2_VERSIONS:
        return "ec2"
    if version == STS_VERSION:
        return "sts"
    if version == GROUPWALL_VERSION:
        return "groupwall"
    return "ec2" if _old(version) else None


def namespace(version: str) -> str:
    """Return the XML namespace of replies: reference 1.2 [recorded], clients 2.1: with the slash at its end."""
    host = {STS_VERSION: "https://sts.amazonaws.com", GROUPWALL_VERSION: "https://groupwall.dev"}
    return f"{host.get(version, 'http://ec2.amazonaws.com')}/doc/{version}/"


def _old(version: str) -> bool:
    if not _DATE.fullmatch(version) or not _OLDEST <= version <= _NEWEST_UNSHIPPED:
        return False
    try:
        date.fromisoformat(version)
    except ValueError:
        return False
    return True
