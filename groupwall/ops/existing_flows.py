"""What becomes of flows under way that no rule permits any more: they live on, as at AWS, unless something says cut.

A change may say so of itself, and a group's tag of every change that concerns the interfaces in it (inferred).
"""

from __future__ import annotations

from collections.abc import Iterable

from groupwall.store.entities import Tag

TAG, CUT = "groupwall:existing-flows", "cut"


def is_cutting(tags: Iterable[Tag]) -> bool:
    """Tell whether one of the tags of a group says that flows of its members end."""
    return any((tag.key, tag.value) == (TAG, CUT) for tag in tags)
