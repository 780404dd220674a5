"""Lists to their last page, or as far as is wanted."""

from __future__ import annotations

from typing import Any, cast

import pytest

from groupwall.commands.asking import ask, listing
from groupwall.remote import Client

Json = dict[str, Any]


class Pages:
    """Lists numbers as an operation does; asked: the parameters of each call."""

    def __init__(self, items: str, follow: tuple[str, str], count: int, page: int = 100) -> None:
        self.asked: list[Json] = []
        self._items, self._follow, self._numbers, self._page = items, follow, list(range(1, count + 1)), page

    def call(self, operation: str, params: Json) -> Json:
        """Return a page."""
        assert operation
        self.asked.append(params)
        told, given = self._follow
        begin = int(params.get(given, 0))
        end = begin + params.get("MaxResults", self._page)
        more = {told: str(end)} if end < len(self._numbers) else {}
        return {self._items: self._numbers[begin:end], "Revision": len(self.asked)} | more


def told(pages: Pages, operation: str, most: int | None) -> Json:
    """Return what the pages are together."""
    return ask(cast("Client", pages), operation, {"Also": "this"}, most)


def changes(count: int) -> Pages:
    """Return a history of so many changes."""
    return Pages("Changes", ("NextAfter", "After"), count)


def findings(count: int) -> Pages:
    """Return so many findings, whose model tells no bounds of a page."""
    return Pages("Findings", ("NextToken", "NextToken"), count)


def test_how_operations_list() -> None:
    """Our lists are followed by what their answers call Next; other answers are whole (inferred)."""
    history = listing("DescribeChanges")
    assert history
    assert (history.items, history.follow["NextAfter"]) == ("Changes", "After")
    found = listing("DescribeFindings")
    assert found
    assert (found.items, found.follow) == ("Findings", {"NextToken": "NextToken"})
    assert listing("ExplainFlow") is None


def test_all_pages(capsys: pytest.CaptureFixture[str]) -> None:
    """Without a limit all pages are asked for, as large as they may be, and told as one (inferred)."""
    pages = changes(2500)
    assert told(pages, "DescribeChanges", None) == {"Changes": list(range(1, 2501)), "Revision": 3}
    assert [one.get("After") for one in pages.asked] == [None, "1000", "2000"]
    assert all((one["MaxResults"], one["Also"]) == (1000, "this") for one in pages.asked)
    pages = findings(250)
    assert told(pages, "DescribeFindings", None)["Findings"] == list(range(1, 251))
    assert capsys.readouterr().err == ""


def test_so_many(capsys: pytest.CaptureFixture[str]) -> None:
    """With a limit no more is asked for, and it is told that there is more, and where it goes on (inferred)."""
    pages = changes(2500)
    assert told(pages, "DescribeChanges", 1200)["Changes"][-1] == 1200
    assert [one["MaxResults"] for one in pages.asked] == [1000, 200]
    assert told(changes(9), "DescribeChanges", 3) == {"Changes": [1, 2, 3], "NextAfter": "3", "Revision": 1}
    assert capsys.readouterr().err == "Shown: 1200; there are more.\nShown: 3; there are more.\n"


def test_fewer_than_a_page_holds(capsys: pytest.CaptureFixture[str]) -> None:
    """What a page holds beyond the limit is left out, and so is the token that would skip it (inferred)."""
    assert told(findings(9), "DescribeFindings", 3) == {"Findings": [1, 2, 3], "Revision": 1}
    assert told(findings(4), "DescribeFindings", 3) == {"Findings": [1, 2, 3], "Revision": 1}
    assert capsys.readouterr().err == "Shown: 3; there are more.\n" * 2
    assert told(findings(3), "DescribeFindings", 3)["Findings"] == [1, 2, 3]
    assert told(findings(3), "DescribeFindings", 9)["Findings"] == [1, 2, 3]
    assert told(findings(0), "DescribeFindings", 9)["Findings"] == []
    assert capsys.readouterr().err == ""


@pytest.mark.parametrize(("after", "told"), [(0, True), (3, True), (4, False), (9, False)])
def test_what_is_not_kept_any_more(capsys: pytest.CaptureFixture[str], after: int, *, told: bool) -> None:
    """Where changes after the one that is asked for are not kept, standard error says so (inferred)."""

    class Kept:
        def call(self, *_: object) -> Json:
            return {"Changes": [], "Oldest": 5}

    assert ask(cast("Client", Kept()), "DescribeChanges", {"After": after})["Oldest"] == 5
    assert capsys.readouterr().err == ("Changes before revision 5 are not kept any more.\n" if told else "")


def test_answers_that_are_no_lists() -> None:
    """Any other operation is called once (inferred)."""
    pages = Pages("Courses", ("NextToken", "NextToken"), 500)
    assert told(pages, "ExplainFlow", None)["NextToken"] == "100"
    assert pages.asked == [{"Also": "this"}]
