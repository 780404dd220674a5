"""Whether the server answers is said once each way."""

from __future__ import annotations

import pytest

from groupwall.enforce.agent.hearing import Hearing


def test_it_is_said_once_each_way(caplog: pytest.LogCaptureFixture) -> None:
    """A trouble is said once while it lasts, and that it is over once; one that was short is not said (inferred)."""
    hearing = Hearing("again")
    hearing.fails("away", patient=True)
    hearing.succeeds()
    assert caplog.messages == []
    for patient in (True, False, False):
        hearing.fails("away", patient=patient)
    assert hearing.trouble == "away"
    hearing.succeeds()
    hearing.succeeds()
    assert (hearing.trouble, caplog.messages) == ("", ["away", "again"])
