"""What every test of the in-process mode begins with: nothing configured, and no way off this machine."""

from __future__ import annotations

import os
import socket
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import boto3
import pytest

LOOPBACK = ("127.0.0.1", "localhost", "::1")


@pytest.fixture(autouse=True)
def _unconfigured(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name in [name for name in os.environ if name.startswith("AWS_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "config"))
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(tmp_path / "credentials"))
    monkeypatch.setattr(boto3, "DEFAULT_SESSION", None)


@pytest.fixture(autouse=True)
def _only_loopback(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    connect = socket.socket.connect
    strayed: list[Any] = []

    def checked(self: socket.socket, address: Any) -> None:  # noqa: ANN401 - as the socket's family has it
        if address[0] not in LOOPBACK:
            strayed.append(address)  # botocore takes what is raised here for a network that is down
            raise OSError
        connect(self, address)

    monkeypatch.setattr(socket.socket, "connect", checked)
    yield
    assert strayed == []
