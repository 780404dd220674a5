"""What the disk under the store needs to make 4 KiB durable: the floor of every durable answer."""

from __future__ import annotations

import os
import time
from pathlib import Path

from bench.figures import percentile

BLOCK = b"\0" * 4096
_sync = getattr(os, "fdatasync", os.fsync)


def sync_times(folder: Path, count: int) -> tuple[float, float]:
    """Return p50 and p99, in seconds, of the fdatasync after each of ``count`` blocks appended to a file."""
    path = folder / "fdatasync"
    times = []
    with path.open("wb", buffering=0) as file:
        for _ in range(count):
            file.write(BLOCK)
            start = time.perf_counter()
            _sync(file.fileno())
            times.append(time.perf_counter() - start)
    path.unlink()
    times.sort()
    return percentile(times, 0.5), percentile(times, 0.99)
