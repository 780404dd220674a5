"""groupwall without a network: calls by name in boto3's form, each through the whole path that a request takes.

    wall = Wall()
    group = wall.call("CreateSecurityGroup", GroupName="web", Description="for web servers")["GroupId"]

A call is written as a form, signed, read, performed, answered in XML and read again: all that a client could meet but
the socket. Ids and clock repeat, so the same calls give the same replies in every run.
"""

from __future__ import annotations

from copy import copy
from pathlib import Path
from typing import Any, Self
from urllib.parse import urlencode

from groupwall.app import App, Call, Reply, Request, open_app
from groupwall.authentication import Open
from groupwall.config import DEFAULT_ACCOUNT, DEFAULT_REGION, Quotas, Settings
from groupwall.store.sqlite import FILE, MEMORY, open_store
from groupwall.units import FrozenClock, Ids
from groupwall.wire.decode import Decoded
from groupwall.wire.model import SERVICES, Action
from groupwall.wire.parse import read_error
from groupwall.wire.sigv4 import Credentials, sign
from groupwall.wire.versions import EC2_VERSION
from tests.documented import undocumented

ACTIONS: dict[str, Action] = {name: action for service in SERVICES.values() for name, action in service.actions.items()}
NOW = 1_790_000_000_000
"""Where a wall's clock stands until a test moves it, in milliseconds since 1970."""


class Wall:
    """One world of one store, as its clients see it.

    quotas: of every world. data: the store's folder, or one in memory. Close it, or use it in a ``with``.
    """

    def __init__(
        self,
        account: str = DEFAULT_ACCOUNT,
        region: str = DEFAULT_REGION,
        quotas: Quotas = Quotas(),  # noqa: B008 - a tuple, which nobody can change
        data: str = MEMORY,
    ) -> None:
        self.account = account
        self.region = region
        self.clock = FrozenClock(NOW)
        ids = Ids(1)
        self.store = open_store(data, ids)
        self.app: App = open_app(self.store, Settings(), quotas, self.clock, ids)

    def call(self, name: str, /, **params: Any) -> dict[str, Any]:  # noqa: ANN401 - as boto3 gives them
        """Return what boto3 would give for a call. ApiError, as the reply tells it, when the call is refused."""
        action = ACTIONS[name]
        reply = self.send(self.request(action, **params))
        if reply.status != 200:
            error = read_error(reply.body, reply.status)
            assert not undocumented(name, error.code, empty=action.empty), f"docs/operations.md lacks {error.code}"
            raise error
        return action.parse(reply.body)

    def ask(self, name: str, /, **params: Any) -> dict[str, Any]:  # noqa: ANN401 - as boto3 gives them
        """Return what ``call`` does, by a shorter way that leaves out form, signature and XML."""
        action = ACTIONS[name]
        identity = Open(self.account, self.region, self.store.seal).claimed(self.account, self.region)
        outcome = self.app.answer([self.app.call(Decoded(action, EC2_VERSION, params), identity, "asked")])[0]
        assert outcome is not None  # only a read with a budget is put off
        if outcome.error:
            raise outcome.error
        return action.plain(outcome.result or {})

    def request(self, action: Action, **params: Any) -> Request:  # noqa: ANN401 - as boto3 gives them
        """Return the signed request of a call. Without a secret to check, the access key id is the account."""
        head = (("host", "localhost"), ("content-type", "application/x-www-form-urlencoded; charset=utf-8"))
        request = Request("POST", "/", "", head, urlencode(action.form(params)).encode())
        return sign(request, Credentials(self.account, "secret"), self.region, action.service, self.clock.now())

    def send(self, request: Request) -> Reply:
        """Return the reply to a request of any form."""
        call = self.app.prepare(request)
        if not isinstance(call, Call):
            return call.reply
        outcome = self.app.answer([call])[0]
        assert outcome is not None  # only a read with a budget is put off
        return self.app.reply(call, outcome)

    def elsewhere(self, account: str = DEFAULT_ACCOUNT, region: str = DEFAULT_REGION) -> Wall:
        """Return another world of the same store, clock and all."""
        other = copy(self)
        other.account, other.region = account, region
        return other

    def copy_to(self, folder: Path) -> None:
        """Write the whole store, as of now, to a file in a folder; tests.law looks at files."""
        (folder / FILE).unlink(missing_ok=True)
        self.store._connection.execute("VACUUM INTO ?", (str(folder / FILE),))  # noqa: SLF001 - only a test needs it

    def close(self) -> None:
        """Close the store, for all its worlds."""
        self.store.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()
