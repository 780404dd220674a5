"""groupwall: EC2 security groups that anyone can run.

    import groupwall
    with groupwall.local():
        boto3.resource("ec2") ...

The names below are loaded when first used, so that the server and the command line never wait for boto3.
"""

from __future__ import annotations

from importlib import import_module
from typing import Any

__version__ = "0.1.0"

_PUBLIC = {"local": "groupwall.inprocess", "client": "groupwall.inprocess", "Wall": "groupwall.inprocess"}


def __getattr__(name: str) -> Any:  # noqa: ANN401 - whatever the name stands for
    """Load a public name where it is defined."""
    if name in _PUBLIC:
        return getattr(import_module(_PUBLIC[name]), name)
    message = f"module 'groupwall' has no attribute {name!r}"
    raise AttributeError(message)
