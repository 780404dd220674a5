"""Where the devices are by now that were attached: names are given anew, and rules know devices by their names.

The kernel tells of whatever becomes of a link, so that the table follows a name within milliseconds. By then packets of
the device have passed, since a namespace has other devices on purpose, which are not ours to judge (inferred).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

from groupwall.enforce.kernel.entering import Namespace
from groupwall.enforce.kernel.links import ROUTES, Link, links
from groupwall.enforce.kernel.netlink import Connection
from groupwall.enforce.policy.compile import is_device

_LINKS = 1
"""The multicast group that tells what becomes of links: RTNLGRP_LINK."""


class Devices:
    """The devices of one namespace, and news of them."""

    def __init__(self, namespace: Namespace) -> None:
        """Hear of the devices of a namespace, which need not be held open afterwards. OSError."""
        self._asking, self._news = namespace.within(lambda: (Connection(ROUTES), Connection(ROUTES)))
        self._news.join(_LINKS, but=self._asking.port)
        self._known = False

    def close(self) -> None:
        """Hear no longer."""
        self._asking.close()
        self._news.close()

    def fileno(self) -> int:
        """Return a descriptor that can be read when something may have become of a device."""
        return self._news.fileno()

    def doubt(self) -> None:
        """Take it that something has changed."""
        self._known = False

    def changed(self) -> bool:
        """Tell whether something may have become of a device since the last call, and the first time."""
        known, self._known = self._known, True
        try:
            return bool(self._news.notices()) or not known
        except OSError:  # some was lost
            return True

    def there(self) -> list[Link]:
        """Return the devices that are there. OSError."""
        return links(self._asking)


class Known(NamedTuple):
    """A device as it was when it was last seen. number: its index, 0 for one that was not seen."""

    name: str
    number: int = 0


def found(known: Mapping[str, Known], there: Iterable[Link]) -> dict[str, Link]:
    """Return which device each of those that are known is, of those that are there.

    The same one whatever its name; where that is gone, another one that got its name, and is none of the others.
    """
    links = list(there)
    numbers = {link.number: link for link in links}
    same = {one: numbers[some.number] for one, some in known.items() if some.number in numbers}
    taken = {link.number for link in same.values()}
    named = {link.name: link for link in links if link.number not in taken}
    return same | {one: named[some.name] for one, some in known.items() if one not in same and some.name in named}


def amiss(link: Link | None, name: str, there: Sequence[Link]) -> str:
    """Return why the device that had a name cannot be held to rules, empty where it can."""
    if link is None:
        return f"there is no device {name}"
    if link.master:
        return f"{link.name} {belongs(link, there)}"
    return "" if is_device(link.name) else f"{link.name!r} is no name of a device that a table can have"


def belongs(link: Link, there: Iterable[Link]) -> str:
    """Tell of a device that belongs to another why that keeps rules from it."""
    bridge = next((each.name for each in there if each.number == link.master), "another device")
    return (
        f"belongs to {bridge}: what a bridge passes on does not go through the hooks where rules stop packets; "
        "take it out, and route to it"
    )
