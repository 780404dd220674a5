"""Text of others on a terminal: what would move the cursor, colour it or turn it round is shown, not done."""

from __future__ import annotations

from typing import Any


def visible(text: str) -> str:
    r"""Return a text in one line, each character that is not printable written as Python does: ``\x1b``, ``\u202e``."""
    if text.isprintable():
        return text
    return "".join(one if one.isprintable() else one.encode("unicode_escape").decode() for one in text)


def all_visible(value: Any) -> Any:  # noqa: ANN401 - any part of a result
    """Return a result whose every text is visible."""
    if isinstance(value, dict):
        return {name: all_visible(part) for name, part in value.items()}
    if isinstance(value, list):
        return [all_visible(part) for part in value]
    return visible(value) if isinstance(value, str) else value
