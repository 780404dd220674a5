"""The package's own names: their types, and what they say where boto3 is not installed."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

import groupwall

ROOT = Path(__file__).resolve().parents[2]
TYPED = """
import groupwall
reveal_type(groupwall.Wall.close)
reveal_type(groupwall.client)
with groupwall.local(seed=1) as wall:
    reveal_type(wall)

@groupwall.local
def bare(name: str) -> int: return len(name)
reveal_type(bare)

@groupwall.local(region="eu-west-1")
def called(name: str) -> int: return len(name)
reveal_type(called)

groupwall.local(regoin="eu-west-1")
groupwall.lokal()
"""
SAID = [
    'Revealed type is "def (self: groupwall.inprocess.wall.Wall)"',
    'Revealed type is "def (**options: Any) -> Any"',
    'Revealed type is "groupwall.inprocess.wall.Wall"',
    'Revealed type is "def (name: str) -> int"',
    'Revealed type is "def (name: str) -> int"',
    'Unexpected keyword argument "regoin" for overloaded function "local"; did you mean "region"?  [call-overload]',
    'Module has no attribute "lokal"; maybe "local"?  [attr-defined]',
]
WITHOUT_BOTO3 = """
import sys

class Blocker:
    def find_spec(self, name, path=None, target=None):
        if name.split(".")[0] in ("boto3", "botocore"):
            raise ModuleNotFoundError(f"No module named {name!r}", name=name)

sys.meta_path.insert(0, Blocker())
import groupwall
"""


def python(*arguments: str) -> subprocess.CompletedProcess[str]:
    """Run Python with this groupwall and return what it printed."""
    return subprocess.run(  # noqa: S603 - our own words only
        [sys.executable, *arguments], cwd=ROOT, capture_output=True, text=True, check=False
    )


def test_types(tmp_path: Path) -> None:
    """A strict type checker sees the real types, and refuses a misspelt name or option (inferred)."""
    (tmp_path / "typed.py").write_text(TYPED, "utf-8")
    cache = f"--cache-dir={tmp_path / 'cache'}"
    shown = python("-m", "mypy", "--strict", cache, "--no-error-summary", str(tmp_path / "typed.py")).stdout
    assert re.findall(r"typed\.py:\d+: (?:note|error): (.*)", shown) == SAID


def test_names() -> None:
    """The public names are listed before they are loaded (inferred)."""
    shown = python("-c", "import groupwall, sys; print(*dir(groupwall)); print('boto3' in sys.modules)")
    names, loaded = shown.stdout.splitlines()
    assert {"Wall", "client", "local", "__version__"} <= set(names.split())
    assert loaded == "False"
    with pytest.raises(AttributeError, match="lokal"):
        groupwall.lokal  # noqa: B018 - asked for, not used


@pytest.mark.parametrize("statement", ["groupwall.local()", "groupwall.client()", "from groupwall import local"])
def test_without_boto3(statement: str) -> None:
    """Without boto3 one error says what to install (inferred)."""
    errors = python("-c", WITHOUT_BOTO3 + statement).stderr
    assert errors.count("Traceback") == 1
    assert re.fullmatch(
        r"ImportError: groupwall.(local|client) needs boto3: pip install boto3", errors.splitlines()[-1]
    )
