"""What is shown of undone and confirmed changes, differences, and of the chain of hashes."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest
from rich.console import RenderableType

from groupwall.commands.printing import print_shown
from groupwall.commands.shown import changes, effects, history

Json = dict[str, Any]

TIME = datetime(2026, 9, 21, 14, 13, 20, tzinfo=UTC)
HOSTILE = "\x1b[2J\u202e[red]x[/]"
SEEN = r"\x1b[2J\u202e[red]x[/]"
HEAD = {"Revision": 7, "Hash": "ab" * 32, "Time": TIME}
CHANGE = {"Revision": 7, "Time": TIME, "Caller": "arn:aws:iam::1:user/x", "Operation": "CreateVpc"}


@pytest.mark.parametrize(
    ("show", "result", "lines"),
    [
        (changes.undone, {"Revision": 7, "Entities": [
            {"Kind": "tag", "Id": HOSTILE, "Action": "restored"},
            {"Kind": "vpc", "Id": "vpc-1", "Action": "unchanged", "Reason": HOSTILE}]},
         ["undone as revision 7", f"├── restored tag {SEEN}", f"└── unchanged vpc vpc-1: {SEEN}"]),
        (changes.undone, {"Entities": []}, ["nothing had to be undone"]),
        (changes.confirmed, {"Revision": 7}, ["revision 7 is confirmed"]),
        (changes.confirmations, {"Confirmations": [
            {"Revision": 7, "State": "refused", "Deadline": TIME, "Message": HOSTILE}]},
         ["REVISION  STATE    DEADLINE              WHY", f"7         refused  2026-09-21T14:13:20Z  {SEEN}"]),
        (changes.confirmations, {"Confirmations": []}, ["no change waits for a confirmation, or did"]),
        (effects.difference, {"FromRevision": 6, "ToRevision": 7, "Entities": [
            {"Kind": "tag", "Id": "sg-1/Name", "Action": "added", "After": "{}", "Text": "added it"},
            {"Kind": "vpc", "Id": HOSTILE, "Action": "removed", "Before": json.dumps({"name": "a" + HOSTILE})}]},
         ["from revision 6 to 7", "+ tag sg-1/Name", f"- vpc {SEEN}  a{SEEN}"]),
        (effects.difference, {"FromRevision": 6, "ToRevision": 7}, ["from revision 6 to 7", "no difference"]),
        (history.bisected, {"Text": HOSTILE, "Changes": [{"Change": CHANGE, "Before": "drop", "Verdict": "accept"}]},
         [SEEN, "└── revision 7 2026-09-21T14:13:20Z user/x CreateVpc: drop -> accept"]),
        (history.verified, {"Intact": True, "Checked": 7, "Head": HEAD, "Faults": []},
         [f"intact: 7 changes checked, up to revision 7 {'ab' * 32}"]),
        (history.verified, {"Intact": False, "Checked": 7, "Faults": [{"Revision": 3, "Text": HOSTILE}]},
         ["NOT intact: 7 changes checked", f"└── revision 3: {SEEN}"]),
        (history.verified, {"Intact": True, "Checked": 7, "Faults": [], "Unchecked": [{"Revision": 3}]},
         ["intact: 7 changes checked", "└── revision 3: not compared, its change is not kept any more"]),
        (history.heads, {"Heads": [HEAD]},
         ["REVISION  TIME                  HASH", f"7         2026-09-21T14:13:20Z  {'ab' * 32}"]),
        (history.records, {"Records": ['{"a": 1}', "x" * 20_000]}, ['{"a": 1}', "x" * 20_000]),
        (history.records, {"Records": [HOSTILE]}, [SEEN]),
        (history.records, {"Records": []}, []),
    ],
)  # fmt: skip
def test_shown(
    show: Callable[[Json], RenderableType], result: Json, lines: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    """Each answer is told in lines, whatever the texts in it hold (inferred)."""
    print_shown(show, result)
    assert capsys.readouterr().out.splitlines() == lines
