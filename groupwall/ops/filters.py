"""Filters and pages, the same for every Describe: parameters in, conditions and page tokens of the store out."""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from itertools import chain
from typing import Any, TypeVar

from groupwall import errors
from groupwall.ops.operation import Context, Params
from groupwall.store.query import Where
from groupwall.store.rows import PART, Page

T = TypeVar("T")

MOST_VALUES = 200
"""Filter values in one call [reference 9, docs]; a filter without values counts as one (inferred)."""

MOST_WILDCARDS = 16
"""Wildcards in one value (inferred): what a comparison costs grows with them, and no name needs more."""

SEAL_BYTES = 12


def conditions(params: Params, fields: Mapping[str, str]) -> list[Where]:
    """Return the conditions of a call's Filters; ``fields`` tells the store's field of each filter's name.

    A name ``tag:KEY`` is looked up as ``tag``. Filter names are case-sensitive [reference 9, model].
    """
    found = []
    total = 0
    for given in params.get("Filters", ()):
        name = given.get("Name", "")
        values = tuple(given.get("Values", ()))
        total += len(values) or 1
        if total > MOST_VALUES or any(value.count("*") + value.count("?") > MOST_WILDCARDS for value in values):
            raise errors.filter_limit_exceeded()
        field, key = ("tag", name[4:]) if name.startswith("tag:") else (name, "")
        if field not in fields or (field == "tag" and not key):
            raise errors.invalid_filter(name)
        found.append(Where(fields[field], values, key))
    return found


def anywhere(field: str, values: Sequence[str]) -> Where:
    """Return the condition that a field is exactly one of the values, none of them a pattern."""
    return Where(field, tuple(_literal(value) for value in values))


def named(
    kind: type[Any], ids: Sequence[str], context: Context, not_found: Callable[[str], errors.ApiError]
) -> list[Where]:
    """Return the condition that an entity is one of these, none for no ids; raise ``not_found`` of the first absent."""
    if not ids:
        return []
    found = context.tx.by_id(kind, ids)
    for entity_id in ids:
        if entity_id not in found:
            raise not_found(entity_id)
    return [anywhere("id", ids)]


def _literal(value: str) -> str:
    return "".join("\\" + c if c in "*?\\" else c for c in value) if {"*", "?"} & set(value) else value


class Paging:
    """The pages of one listing: where this one begins, and the token of the next.

    A token is sealed with the store's key for this operation and this world, so that a forged one, or one of another
    listing, is refused.
    """

    def __init__(self, params: Params, context: Context, listing: str, lowest: int = 5, highest: int = 1000) -> None:
        limit = params.get("MaxResults")
        if limit is not None and not lowest <= limit <= highest:
            raise errors.max_results(limit, lowest, highest)
        self._limit = limit
        self._context = context
        self._key = context.tx.seal
        self._scope = "\x1f".join((listing, *context.world)).encode()
        token = params.get("NextToken")
        self._after = self._opened(token) if token is not None else ""

    def page(self) -> Page:
        """Return the part to list: one item more than is shown, which tells that there is a next page."""
        return Page(self._after, None if self._limit is None else self._limit + 1)

    def listed(
        self,
        kind: type[T],
        wanted: Sequence[Where],
        describe: Callable[[list[T], Context], list[dict[str, Any]]],
        together: Callable[[T], str] | None = None,
    ) -> tuple[Iterable[dict[str, Any]], str | None]:
        """Return what to show of the entities of one kind, described, in the order that it is listed by.

        And the next page's token, None on the last page. What is beyond a first part is described, and without
        MaxResults read, when it is taken. together: what neighbours have in common that are to be described at once, in
        one part.
        """
        tx = self._context.tx
        parts, token = tx.walk(kind, wanted, self.page()), None
        if self._limit is not None:
            items, token = self.split([item for part in parts for item in part], tx.place)
            parts = (items[start : start + PART] for start in range(0, len(items), PART))
        if together is not None:
            parts = _whole(parts, together)
        first = next(parts, [])
        shown = describe(first, self._context)
        more = chain.from_iterable(describe(part, self._context) for part in parts)
        return (chain(shown, more) if len(first) >= PART else shown), token

    def split(self, items: list[T], key: Callable[[T], str]) -> tuple[list[T], str | None]:
        """Return the items to show and the next page's token, None on the last page."""
        if self._limit is None or len(items) <= self._limit:
            return items, None
        shown = items[: self._limit]
        return shown, self.token(key(shown[-1]))

    def token(self, after: str) -> str:
        """Return the token of the page that begins after a place."""
        raw = after.encode()
        return base64.urlsafe_b64encode(self._seal(raw) + raw).decode()

    def _opened(self, token: str) -> str:
        try:
            raw = base64.b64decode(token.encode(), altchars=b"-_", validate=True)
        except (binascii.Error, ValueError) as error:
            raise errors.bad_page_token() from error
        seal, after = raw[:SEAL_BYTES], raw[SEAL_BYTES:]
        if not hmac.compare_digest(seal, self._seal(after)):
            raise errors.bad_page_token()
        return after.decode()

    def _seal(self, raw: bytes) -> bytes:
        return hmac.digest(self._key, self._scope + b"\x1f" + raw, hashlib.sha256)[:SEAL_BYTES]


def _whole(parts: Iterable[list[T]], together: Callable[[T], str]) -> Iterator[list[T]]:
    """Yield the items cut anew, in parts of PART or more but for the last, none of which ends among such neighbours."""
    rest: list[T] = []
    for part in parts:
        rest += part
        done = [item for item in rest if together(item) != together(rest[-1])]
        if len(done) >= PART:
            yield done
            rest = rest[len(done) :]
    if rest:
        yield rest


def refuse_pages_of_ids(params: Params, *members: str) -> None:
    """Refuse MaxResults or NextToken together with ids [reference 9: model, code and text inferred]."""
    for member in members:
        for paging in ("MaxResults", "NextToken"):
            if params.get(member) and params.get(paging) is not None:
                message = f"The parameter {member} cannot be used with the parameter {paging}"
                raise errors.invalid_combination(message)


def _nothing() -> None:
    pass


def matches(
    items: Sequence[Mapping[str, Any]], given: Params, members: Mapping[str, str], look: Callable[[], None] = _nothing
) -> list[Mapping[str, Any]]:
    """Return the items of a list that satisfy a call's Filters.

    members: filter name -> the item's member, with a dot between it and a member of its own. A list is met by any of
    its items, and by none when it is empty. look: called before a text is compared, to raise when that takes too long.
    """
    tests = [(where.field, [pattern(value) for value in where.values]) for where in conditions(given, members)]

    def met(item: Mapping[str, Any], member: str, patterns: Sequence[Callable[[str], bool]]) -> bool:
        for text in _texts(item, member):
            look()
            if any(wanted(text) for wanted in patterns):
                return True
        return False

    return [item for item in items if all(met(item, member, patterns) for member, patterns in tests)]


def _texts(value: Any, member: str) -> list[str]:  # noqa: ANN401 - any part of an item
    """Return what a filter's values are compared with: the texts that a member comes to."""
    if isinstance(value, list):
        return [text for one in value for text in _texts(one, member)]
    if not member:
        return [str(value).lower() if isinstance(value, bool) else str(value)]
    name, _, rest = member.partition(".")
    return _texts(value[name], rest) if name in value else []


def pattern(value: str) -> Callable[[str], bool]:
    """Return a test for a filter's value, as groupwall.store.query makes one of it.

    ``*`` stands for any text and ``?`` for any one character, a backslash taking their meaning away.
    """
    if "*" not in value and "?" not in value:
        return value.__eq__
    pieces = _PIECES.findall(value)
    return lambda text: _glob(pieces, text)


_PIECES = re.compile(r"\\.|.", re.DOTALL)
"""A wildcard, another character, or a character behind a backslash."""


def _glob(pieces: Sequence[str], text: str) -> bool:
    """Match by the greedy two-pointer walk: linear in practice, at worst the product of the lengths, never more."""
    at = place = 0
    star, mark = -1, 0
    while at < len(text):
        piece = pieces[place] if place < len(pieces) else ""
        if piece == "*":
            star, mark, place = place, at, place + 1
        elif piece == "?" or piece[-1:] == text[at]:
            at, place = at + 1, place + 1
        elif star >= 0:
            mark += 1
            at, place = mark, star + 1
        else:
            return False
    return all(piece == "*" for piece in pieces[place:])
