"""An agent counts what rules let in and tells the server, whoever of the two is gone for a while [inferred]."""

from __future__ import annotations

import asyncio
from collections.abc import Collection, Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any, cast

import pytest

from groupwall.enforce.agent.counting import Counting
from groupwall.enforce.dataplane.posts import Post
from groupwall.enforce.kernel.conntrack import Volume
from groupwall.enforce.policy.compile import State
from groupwall.errors import ApiError
from groupwall.remote import NoAnswer
from groupwall.rules.values import NO_PORTS, Direction, Peer, Properties, Rule

EVERY = 0.001


def _rules(group_id: str, *names: str) -> list[Rule]:
    return [
        Rule(name, group_id, Direction.INGRESS, Properties("-1", NO_PORTS, Peer.of(f"10.0.0.{place}/32")), None)
        for place, name in enumerate(names)
    ]


class Enough(Exception):
    """There were as many looks as a test wants."""


class Standing:
    """In the place of a post: tables that need no kernel."""

    def __init__(self, number: int, packets: Mapping[str, int], *, is_new: bool = True) -> None:
        self.number = number
        self.is_new = is_new
        self.packets = dict(packets)
        groups: dict[str, Collection[Rule]] = {}
        for place, name in enumerate(packets):
            groups[f"sg-{place // 3}"] = [*groups.get(f"sg-{place // 3}", ()), *_rules("", name)]
        self.state = State(groups)
        self.due = False
        self.gone = False

    def is_due(self) -> bool:
        """Tell whether the table is behind."""
        return self.due

    def volumes(self) -> Iterator[Volume]:
        """Yield no flows."""
        return iter(())

    def admitted(self, rules: Iterable[Rule]) -> dict[str, int]:
        """Return what rules let in."""
        if self.gone:
            raise OSError("it is gone")
        return {rule.id: self.packets[rule.id] for rule in rules}


class Site:
    """A host with posts, and a server that adds up what it is told, or fails."""

    def __init__(self, folder: Path, *posts: Standing) -> None:
        self.posts = list(posts)
        self.folder = folder
        self.flows: dict[str, int] = {}
        self.failing: list[Exception] = []
        self.new = True
        self._taken: set[tuple[str, int]] = set()

    async def tell(self, given: dict[str, Any]) -> dict[str, Any]:
        """Take a report, or lose the answer to it."""
        told = (given["Series"], given["Number"])
        for one in given["Counters"] if told not in self._taken else ():
            self.flows[one["SecurityGroupRuleId"]] = self.flows.get(one["SecurityGroupRuleId"], 0) + one["Flows"]
        self._taken.add(told)
        if self.failing:
            raise self.failing.pop()
        new, self.new = self.new, False
        return {"Counted": True, "New": new}

    def forget(self) -> None:
        """Have the server begin with another store."""
        self.flows, self.new, self._taken = {}, True, set()

    def count_for(self, looks: int) -> None:
        """Run an agent for so many looks."""
        left = iter(range(looks))

        def posts() -> list[Post]:
            if next(left, None) is None:
                raise Enough
            return cast("list[Post]", self.posts)

        with pytest.raises(Enough):
            asyncio.run(Counting("one", self.folder, EVERY, self.tell).run(posts))


def test_what_a_table_had_counted_before_is_not_new(tmp_path: Path) -> None:
    """Of a table that is taken up, and of which nothing is known, what comes from then on counts; of others, all."""
    site = Site(tmp_path, Standing(7, {"a": 3, "b": 0}, is_new=False))
    site.count_for(2)
    assert site.flows == {"a": 0, "b": 0}
    site.posts[0].packets["a"] = 5
    site.posts.append(Standing(8, {"a": 1}))
    site.count_for(1)
    assert site.flows == {"a": 3, "b": 0}


def test_a_table_that_is_away_for_a_while_is_not_counted_again(tmp_path: Path) -> None:
    """A table that an agent cannot take up for a while, and then does, has told what it had counted before."""
    site = Site(tmp_path, Standing(7, {"a": 0}))
    site.count_for(1)
    site.posts[0].packets["a"] = 5
    site.count_for(1)
    away, site.posts = site.posts, []
    site.count_for(1)
    site.posts, away[0].is_new, away[0].gone = away, False, True
    site.count_for(1)
    away[0].gone = False
    site.count_for(1)
    away[0].packets["a"] = 6
    site.count_for(1)
    assert site.flows == {"a": 6}


def test_lost_answers_count_nothing_twice(tmp_path: Path) -> None:
    """A report whose answer is lost, or that is refused, is told again as it was, and goes on being counted after."""
    site = Site(tmp_path, Standing(7, {"a": 0}))
    site.count_for(1)
    site.posts[0].packets["a"] = 2
    site.failing = [NoAnswer("nobody"), ApiError("UnauthorizedOperation", "no", 403), NoAnswer("nobody")]
    site.count_for(2)
    site.posts[0].packets["a"] = 3
    site.count_for(3)
    assert (site.flows, site.failing) == ({"a": 3}, [])


def test_what_cannot_be_read_now_is_read_later(tmp_path: Path) -> None:
    """Counters of a table that is behind, or cannot be spoken to, stay as they were, and no rule ends by that."""
    site = Site(tmp_path, *(Standing(*each, is_new=False) for each in ((7, {"a": 4}), (8, {"a": 1, "b": 1}))))
    site.count_for(1)
    site.posts[0].due = site.posts[1].gone = True
    site.posts[0].packets["a"] = site.posts[1].packets["b"] = 9
    site.count_for(2)
    assert site.flows == {"a": 0, "b": 0}
    site.posts[0].due = site.posts[1].gone = False
    site.count_for(1)
    assert site.flows == {"a": 5, "b": 8}


def test_a_server_that_knows_nothing_is_told_of_every_rule(tmp_path: Path) -> None:
    """A store that was begun anew hears of every rule that is counted, of those without flows too."""
    site = Site(tmp_path, Standing(7, {"a": 0, "b": 0}))
    site.count_for(1)
    site.posts[0].packets["a"] = 1
    site.count_for(1)
    site.forget()
    site.posts[0].packets["a"] = 3
    site.count_for(1)
    assert site.flows == {"a": 3, "b": 0}


def test_many_rules_are_all_counted(tmp_path: Path) -> None:
    """However many rules there are, and in however many groups, each is read and told once."""
    names = [f"sgr-{number}" for number in range(1234)]
    site = Site(tmp_path, Standing(7, dict.fromkeys(names, 0)))
    site.count_for(1)
    site.posts[0].packets = {name: place for place, name in enumerate(names)}
    site.count_for(1)
    assert site.flows == site.posts[0].packets
