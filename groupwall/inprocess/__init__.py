"""boto3 in this process, answered by groupwall without a network.

Users come by ``groupwall.local()``, ``groupwall.client()`` and the pytest fixture ``groupwall``.

local.py        `local()`: a wall for the time of a block or a function
options.py      what a wall can be told
wall.py         one groupwall in memory, and how it answers botocore
hooks.py        the two places where botocore asks us instead of the network
environment.py  what stands in for credentials and a region that nobody configured
sessions.py     boto3 sessions that know our own service
"""

from __future__ import annotations

from groupwall.inprocess.local import local
from groupwall.inprocess.sessions import client
from groupwall.inprocess.wall import Wall

__all__ = ["Wall", "client", "local"]
