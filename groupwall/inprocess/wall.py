"""One groupwall in memory: its account and region, its clock, and clients of it."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

import boto3
from botocore.awsrequest import AWSPreparedRequest, AWSResponse

from groupwall.app import App
from groupwall.authentication import Known
from groupwall.config import DEFAULT_ACCOUNT, DEFAULT_REGION, Quotas, Settings
from groupwall.errors import ApiError
from groupwall.inprocess.answers import Answers
from groupwall.inprocess.callers import Document, Wish, make
from groupwall.inprocess.environment import configured_region
from groupwall.inprocess.options import Options
from groupwall.inprocess.sessions import core
from groupwall.store.sqlite import MEMORY, open_store
from groupwall.units import FrozenClock, Ids, SystemClock
from groupwall.wire.model import SERVICES
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
        self._time = self._clock or SystemClock()
        ids = self._ids = Ids(options.get("seed"))
        self._store = open_store(MEMORY, ids)
        identify = Known(self.account, self.region, self._store.access_key, self._store.seal)
        app = App(self._store, identify, self._time, ids, options.get("quotas", Quotas()))
        self._process = os.getpid()
        self._answers: Answers | None = Answers(app, ids, identify)

    @property
    def answers(self) -> Answers:
        """How the wall answers. RuntimeError when it has ended, and in a process that was forked off.

        A fork takes the store along in whatever state another thread had it, and what it would do there stayed there.
        """
        if self._process != os.getpid():
            message = "a groupwall.local() answers only the process that began it; begin another in the forked one"
            raise RuntimeError(message)
        if self._answers is None:
            message = "the groupwall.local() that this client belongs to has ended"
            raise RuntimeError(message)
        return self._answers

    @property
    def clock(self) -> FrozenClock:
        """The clock, to be advanced. RuntimeError for a wall that was made without ``now``: it uses the machine's."""
        if self._clock is None:
            message = "this wall's clock is the machine's; local(now=...) gives one that can be advanced"
            raise RuntimeError(message)
        return self._clock

    def session(self, account: str | None = None, region: str | None = None) -> boto3.Session:
        """Return a boto3 session of an account and a region, the wall's own by default, whatever is configured.

        Its clients ask this wall also while another within it answers everybody else's.
        """
        return self._session(account or self.account, "any", region or self.region)

    def _session(self, access_key_id: str, secret: str, region: str) -> boto3.Session:
        return _Session(
            self,
            botocore_session=core(),
            aws_access_key_id=access_key_id,
            aws_secret_access_key=secret,
            region_name=region,
        )

    def caller(
        self,
        *,
        policy: Document | Sequence[Document] = (),
        user: str = "caller",
        boundary: Document | None = None,
        tags: Mapping[str, str] | None = None,
    ) -> boto3.Session:
        """Return a boto3 session of a user that may do what its policies allow, and nothing without one.

        policy: a document as a mapping or as JSON, or several. The same user again has these policies from now on.
        ValueError for a policy that is none, with what is wrong in it.

            may_look = wall.caller(policy={"Version": "2012-10-17", "Statement": [
                {"Effect": "Allow", "Action": "ec2:Describe*", "Resource": "*"}]})
        """
        try:
            key, secret = make(
                self._store, self._ids, self._time, Wish(self.account, user, policy, boundary, tags or {})
            )
        except ApiError as error:
            raise ValueError(error.message) from error
        return self._session(key.id, secret, self.region)

    def client(self, service: str, **options: Any) -> Any:  # noqa: ANN401 - boto3's own
        """Return a boto3 client as ``session()`` makes it; options as ``boto3.client`` takes them."""
        return self.session().client(service, **options)

    def resource(self, service: str, **options: Any) -> Any:  # noqa: ANN401 - boto3's own
        """Return a boto3 resource as ``session()`` makes it; options as ``boto3.resource`` takes them."""
        return self.session().resource(service, **options)

    def reachable(self, source: str, destination: str, port: int | None = None, *, protocol: str = "tcp") -> bool:
        """Tell whether all flows between two ends pass both gates: on one port, or on all of a protocol without one.

        An end is an interface, an instance, a group, an address, a block or ``anywhere``, as ExplainFlow takes it.
        botocore's ClientError for an end that is none, or that is not there.
        """
        ports = {} if port is None else {"FromPort": port}
        told = self.client("groupwall").explain_flow(From=source, To=destination, Protocol=protocol, **ports)
        return bool(told["Verdict"] == "accept")

    def expect(self, name: str, *, from_: str, to: str, port: int | None = None, **others: str) -> None:
        """Expect from now on that all TCP flows between two ends pass, or with ``Verdict="deny"`` that none does.

        others: members that PutExpectations takes besides, such as Verdict, Protocol, Description. botocore's
        ClientError, ExpectationBroken, when that does not hold now; and from whichever later call would break it. Ends
        as for ``reachable``.
        """
        ports = {} if port is None else {"FromPort": port}
        expected = {"Name": name, "From": from_, "To": to, "Protocol": "tcp", **ports, **others}
        self.client("groupwall").put_expectations(Expectations=[expected])

    def close(self) -> None:
        """Forget everything; its own clients get an error from now on."""
        self._answers = None
        self._store.close()


class _Session(boto3.Session):  # type: ignore[misc] # boto3 has no types
    """A boto3 session of one wall; boto3 makes the client of a resource by ``client`` too."""

    def __init__(self, wall: Wall, **options: Any) -> None:  # noqa: ANN401 - boto3's own
        super().__init__(**options)
        self._wall = wall

    def client(self, *args: Any, **options: Any) -> Any:  # noqa: ANN401 - boto3's own
        """Return a boto3 client that asks the wall, if it is of a service of ours."""
        made = super().client(*args, **options)
        if made.meta.service_model.service_name in SERVICES:
            endpoint = made._endpoint  # noqa: SLF001 - each client has one to itself
            endpoint.groupwall = self._wall  # for the hooks, as long as there are any
            endpoint._send = self._send  # noqa: SLF001 - instead of the network when there are none any more
        return made

    def _send(self, request: AWSPreparedRequest) -> AWSResponse:
        return self._wall.answers.request(request)


def _frozen(now: datetime | None) -> FrozenClock | None:
    if now is None:
        return None
    if now.tzinfo is None:
        message = f"now must have a time zone: {now!r}"
        raise ValueError(message)
    return FrozenClock(milliseconds(now))
