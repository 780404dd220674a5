"""A user of a real server, and the programs that the user runs: each from an environment of its own, to its end."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

from groupwall.wire.sigv4 import Credentials
from tests.remote import Remote
from tests.sources import ROOT

PATIENCE = 300
"""Seconds that a program may take; a playbook starts Python anew for each of its tasks."""


class Ran(NamedTuple):
    """How a program ended: its exit code, and all that it said."""

    code: int
    said: str


class Site(NamedTuple):
    """A user with a key and a home without a configuration; remote: a quick client of the same user, to look."""

    url: str
    credentials: Credentials
    remote: Remote
    home: Path

    def environment(self) -> dict[str, str]:
        """Return the variables that docs/guide-clients.md says to set, and what a program cannot do without."""
        return {
            "PATH": os.environ["PATH"],
            "HOME": str(self.home),
            "LC_ALL": "C.UTF-8",
            "AWS_ACCESS_KEY_ID": self.credentials.access_key_id,
            "AWS_SECRET_ACCESS_KEY": self.credentials.secret,
            "AWS_DEFAULT_REGION": self.remote.region,
            "AWS_ENDPOINT_URL_EC2": self.url,
            "AWS_ENDPOINT_URL_STS": self.url,
            "AWS_EC2_METADATA_DISABLED": "true",
        }

    def run(self, program: str, *words: str, **more: str) -> Ran:
        """Run a program, named as below the project, such as ``.venv-ansible/bin/ansible``; more: variables."""
        return run([str(ROOT / program), *words], self.home, self.environment() | more)


def run(command: list[str], folder: Path, environment: Mapping[str, str]) -> Ran:
    """Run a command in a folder, with no other variables than these."""
    done = subprocess.run(  # noqa: S603 - our own words only
        command, cwd=folder, env=environment, check=False, timeout=PATIENCE, text=True,
        stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
    )  # fmt: skip
    return Ran(done.returncode, done.stdout)
