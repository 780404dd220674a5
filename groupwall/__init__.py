"""groupwall: EC2 security groups that anyone can run.

    import groupwall
    with groupwall.local():
        boto3.resource("ec2") ...

The names below are loaded when first used, so that the server and the command line never wait for boto3.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

__all__ = ["Wall", "client", "local"]
__version__ = "0.1.0"

if TYPE_CHECKING:
    from groupwall.inprocess.local import local
    from groupwall.inprocess.sessions import client
    from groupwall.inprocess.wall import Wall
else:  # a type checker that saw the function below would let every misspelt name pass

    def __getattr__(name: str) -> object:
        """Load a public name where it is defined. ImportError without boto3."""
        if name not in __all__:
            message = f"module 'groupwall' has no attribute {name!r}"
            raise AttributeError(message)
        try:
            return getattr(import_module("groupwall.inprocess"), name)
        except ModuleNotFoundError as error:
            if error.name not in {"boto3", "botocore"}:
                raise
            message = f"groupwall.{name} needs boto3: pip install boto3"
            raise ImportError(message, name=error.name) from None


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
