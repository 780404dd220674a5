"""The parameter ``Wait``: how long a server may hold back an answer in which there is nothing new (inferred).

The operation only refuses what is too long: to wait is the server's part, outside of any transaction.
"""

from __future__ import annotations

from groupwall import errors
from groupwall.ops.operation import Params

LONGEST = 20
"""Seconds: less than clients and what stands between them and a server let a connection be silent."""


def refuse_long_wait(params: Params) -> None:
    """Refuse a ``Wait`` beyond the longest, or below 0: InvalidParameterValue."""
    if not 0 <= params.get("Wait", 0) <= LONGEST:
        raise errors.wait_invalid(params["Wait"], LONGEST)
