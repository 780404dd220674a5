"""One groupwall in memory: its account and region, its clock, and clients of it."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import boto3

from groupwall.app import App
from groupwall.authentication import Open
from groupwall.config import DEFAULT_ACCOUNT, DEFAULT_REGION, Quotas, Settings
from groupwall.inprocess import sessions
from groupwall.inprocess.answers import Answers
from groupwall.inprocess.environment import configured_region
from groupwall.inprocess.options import Options
from groupwall.store.sqlite import MEMORY, open_store
from groupwall.units import FrozenClock, Ids, SystemClock
from groupwall.wire.scalars import milliseconds


class Wall:
    """A groupwall in memory. SettingError for what is no account or region, ValueError for a time without a zone."""

    def __init__(self, options: Options) -> None:
        region = options.get("region") or configured_region() or DEFAULT_REGION
        settings = Settings(data=MEMORY, account=options.get("account", DEFAULT_ACCOUNT), region=region)
        self.account = settings.account
        self.region = settings.region
        self.wire = options.get("wire", False)
        self._clock = _frozen(options.get("now"))
        ids = Ids(options.get("seed"))
        identify = Open(self.account, self.region)
        self._store = open_store(MEMORY, ids)
        app = App(self._store, identify, self._clock or SystemClock(), ids, options.get("quotas", Quotas()))
        self.answers = Answers(app, ids, identify)

    @property
    def clock(self) -> FrozenClock:
        """The clock, to be advanced. RuntimeError for a wall that was made without ``now``: it uses the machine's."""
        if self._clock is None:
            message = "this wall's clock is the machine's; local(now=...) gives one that can be advanced"
            raise RuntimeError(message)
        return self._clock

    def session(self, account: str | None = None, region: str | None = None) -> boto3.Session:
        """Return a boto3 session of an account and a region, the wall's own by default, whatever is configured."""
        return sessions.session(
            aws_access_key_id=account or self.account,
            aws_secret_access_key="any",  # noqa: S106 - nobody verifies it
            region_name=region or self.region,
        )

    def client(self, service: str, **options: Any) -> Any:  # noqa: ANN401 - boto3's own
        """Return a boto3 client of the wall's account and region; options as ``boto3.client`` takes them."""
        return self.session().client(service, **options)

    def resource(self, service: str, **options: Any) -> Any:  # noqa: ANN401 - boto3's own
        """Return a boto3 resource of the wall's account and region; options as ``boto3.resource`` takes them."""
        return self.session().resource(service, **options)

    def close(self) -> None:
        """Forget everything."""
        self._store.close()


def _frozen(now: datetime | None) -> FrozenClock | None:
    if now is None:
        return None
    if now.tzinfo is None:
        message = f"now must have a time zone: {now!r}"
        raise ValueError(message)
    return FrozenClock(milliseconds(now))
