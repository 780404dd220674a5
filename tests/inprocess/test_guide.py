"""The examples of docs/guide-local.md, run as they stand there, in their order, in one namespace."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import groupwall

GUIDE = Path(__file__).resolve().parents[2] / "docs" / "guide-local.md"
EXAMPLES = re.findall(r"^```python\n(.*?)^```$", GUIDE.read_text("utf-8"), re.MULTILINE | re.DOTALL)


def test_examples() -> None:
    """Every example does what the guide says, and its tests pass (inferred)."""
    names: dict[str, Any] = {}
    for number, example in enumerate(EXAMPLES):
        exec(compile(example, f"{GUIDE.name} example {number}", "exec"), names)  # noqa: S102 - our own guide
    names["test_names"]()
    with groupwall.local() as wall:
        names["test_two_accounts"](wall)
    with groupwall.local() as wall:
        names["test_the_office_gets_in"](wall)
    with groupwall.local() as wall:
        names["test_the_auditor_may_not_revoke"](wall)
    assert len(EXAMPLES) == 5
