"""How much a request may hold, in one place.

AWS publishes no figures for these: all are inferred. Each is far above what a client sends and far below what would
cost a second to read.
"""

from __future__ import annotations

BODY_BYTES = 1 << 20
REPLY_BYTES = 256 << 20
"""What a client of ours reads at most: a page of 1,000 full groups is 3 MB."""

PARAMETERS = 10_000
KEY_CHARACTERS = 256
LIST_INDEX = 100_000

REMEMBERED_KEYS = 1024
"""Parameter names remembered for each operation: those of 250 permissions."""
