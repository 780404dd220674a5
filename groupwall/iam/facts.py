"""What a policy may ask of a call: the condition keys of AWS and of EC2 [users 7.2; AWS's global condition keys, docs].

Each value is worked out when a policy asks for it, since most never are. A key that a call has not is absent.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from itertools import islice
from typing import NamedTuple

from groupwall.iam.callers import Caller
from groupwall.iam.resources import NO_TAGS, Resource, Tags
from groupwall.units import timestamp

Values = tuple[str, ...]

Said = Mapping[str, Values]
"""Condition keys that a call itself tells, by name in lower case, such as those of what it makes."""

_MILLISECONDS = 1000

_MOST_TOLD = 100
"""Tags of one family, twice as many as a resource may have. Each is looked for among all: for a call that gives
thousands, and is refused, that would take seconds.
"""


class Origin(NamedTuple):
    """How a request came: the address that sent it, "" for none; whether by TLS; what the client says it is."""

    source: str = ""
    secure: bool = False
    agent: str = ""


NOWHERE = Origin()
"""Of a call within this process."""


class Facts(NamedTuple):
    """What is known of a call, whatever it touches. issued: when its session began; times in milliseconds since 1970.

    region, account: of what it is about.
    """

    caller: Caller
    principal_tags: Tags
    issued: int | None
    origin: Origin
    region: str
    account: str
    now: int


class Keys(Mapping[str, Values]):
    """The condition keys of one access, by name in lower case; those of the resource are read when they are asked for.

    given: the tags that the call gives or takes. say: returns what else the call tells.
    """

    __slots__ = ("_facts", "_given", "_resource", "_said", "_say")

    def __init__(self, facts: Facts, resource: Resource | None, given: Tags | None, say: Callable[[], Said]) -> None:
        self._facts = facts
        self._resource = resource
        self._given = given
        self._say = say
        self._said: Said | None = None

    def __getitem__(self, name: str) -> Values:
        """Return a key's values. KeyError when the call has none."""
        found = self._values(name)
        if not found:
            raise KeyError(name)
        return found

    def _values(self, name: str) -> Values:
        known = _KNOWN.get(name)
        if known:
            return _values(known(self._facts))
        if name == "aws:tagkeys":
            return tuple(self._given or ())
        family, slash, key = name.partition("/")
        if slash and family in _TAG_FAMILIES:
            return _tagged(self._tags(family), key)
        said = self._told_by_call().get(name, ())
        return said or (_values(self._resource.key(name)) if self._resource else ())

    def _told_by_call(self) -> Said:
        if self._said is None:
            self._said = self._say()
        return self._said

    def _tags(self, family: str) -> Tags:
        if family == "aws:principaltag":
            return self._facts.principal_tags
        if family == "aws:requesttag":
            return self._given or NO_TAGS
        return self._resource.tags if self._resource and family in _RESOURCE_TAGS else NO_TAGS

    def __iter__(self) -> Iterator[str]:
        """Go through the keys that the call has; only a refusal tells that much. Of too many tags a part is told."""
        plain = [*_KNOWN, "aws:tagkeys", *self._told_by_call(), *(self._resource.keys if self._resource else ())]
        tagged = [f"{one}/{key.lower()}" for one in _TAG_FAMILIES for key in islice(self._tags(one), _MOST_TOLD)]
        return (name for name in dict.fromkeys(plain + tagged) if self._values(name))

    def __len__(self) -> int:
        """Return how many keys the call has."""
        return sum(1 for _ in self)


_RESOURCE_TAGS = ("aws:resourcetag", "ec2:resourcetag")
_TAG_FAMILIES = ("aws:principaltag", "aws:requesttag", *_RESOURCE_TAGS)


def _values(value: str | None) -> Values:
    return () if value is None or value == "" else (value,)


def _tagged(tags: Tags, key: str) -> Values:
    """Return the values of a tag. Keys of conditions have no case, so several tags may be meant (inferred: all are)."""
    return tuple(value for name, value in tags.items() if name.lower() == key)


def _name(facts: Facts) -> str | None:
    """Return the user's name; a role's session and the root have none [AWS's global condition keys, docs]."""
    kind, _, rest = facts.caller.arn.rpartition(":")[2].partition("/")
    return rest if kind == "user" else None


def _kind(facts: Facts) -> str:
    kind = facts.caller.arn.rpartition(":")[2].partition("/")[0]
    return {"root": "Account", "user": "User", "assumed-role": "AssumedRole"}[kind]


def _issued(facts: Facts) -> str | None:
    return None if facts.issued is None else timestamp(facts.issued)


_KNOWN: Mapping[str, Callable[[Facts], str | None]] = {
    "aws:currenttime": lambda facts: timestamp(facts.now),
    "aws:epochtime": lambda facts: str(facts.now // _MILLISECONDS),
    "aws:principalaccount": lambda facts: facts.caller.account,
    "aws:principalarn": lambda facts: facts.caller.principal,
    "aws:principaltype": _kind,
    "aws:requestedregion": lambda facts: facts.region,
    "aws:resourceaccount": lambda facts: facts.account,
    "aws:securetransport": lambda facts: "true" if facts.origin.secure else "false",
    "aws:sourceip": lambda facts: facts.origin.source,
    "aws:tokenissuetime": _issued,
    "aws:useragent": lambda facts: facts.origin.agent,
    "aws:userid": lambda facts: facts.caller.user_id,
    "aws:username": _name,
    "ec2:region": lambda facts: facts.region,
}

KEYS = (*_KNOWN, "aws:tagkeys", *(f"{family}/" for family in _TAG_FAMILIES))
"""What any call may have; what ends in ``/`` goes on with the key of a tag."""
