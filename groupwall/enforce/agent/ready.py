"""Tells systemd that an agent has begun, sd_notify(3), so that what starts after it finds closed what it guards."""

from __future__ import annotations

import os
import socket
from collections.abc import Mapping

PLACE = "NOTIFY_SOCKET"


def tell_ready(environment: Mapping[str, str] = os.environ) -> None:
    """Say so, where somebody waits for it. OSError if nobody listens there."""
    if place := environment.get(PLACE):
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as telling:
            telling.sendto(b"READY=1", place.replace("@", "\0", 1) if place.startswith("@") else place)
