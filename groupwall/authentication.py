"""Who signed a request, and for which world: ``open`` believes what the request says, ``signed`` verifies it.

An authenticator is a function ``(request, service, now) -> Identity``; it raises SignatureError, which the dialect of
the call turns into AWS's error, or ApiError.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import NamedTuple

from groupwall.config import is_loopback
from groupwall.errors import ApiError
from groupwall.iam.callers import Caller, assumed, behind, root
from groupwall.iam.keys import usable
from groupwall.iam.sealing import SealError
from groupwall.iam.sessions import Session, opened, secret_of
from groupwall.regions import PARTITION_OF
from groupwall.store.entities import AccessKey, World
from groupwall.wire.message import Request
from groupwall.wire.sigv4 import Reason, Scope, SignatureError, read_scope, verify

ACCOUNT_DIGITS = 12
MOMENT = 1000
"""Milliseconds for which an active key is remembered."""

_KEY_ID = re.compile(r"[A-Z0-9]{12,32}")
_HOST = re.compile(r"(?:\[([^]]*)\]|([^:]*))(?::[0-9]*)?")


class Identity(NamedTuple):
    """A caller, the world that the call is about, and the access key that a signature was verified with.

    session: the temporary credentials that were used; the key is then the one that they go back to. bound: whether the
    caller's policies say what it may do, as with ``--auth iam``; otherwise it may do everything.
    """

    caller: Caller
    world: World
    key: AccessKey | None = None
    session: Session | None = None
    bound: bool = False

    @property
    def key_id(self) -> str:
        """The id of the access key that was used; "" where nothing proves it."""
        return self.session.id if self.session else self.key.id if self.key else ""


Authenticator = Callable[[Request, str, int], Identity]
FindKey = Callable[[str], tuple[AccessKey, str] | None]


class Open:
    """Believe every request: a 12-digit access key id is the account, anything else the default account.

    Requests that a browser sends are refused, since any page that its user visits could make them.
    loopback_only: so are those that name another host than this machine, which a page brings about by its own name.
    """

    bound = False

    def __init__(self, account: str, region: str, seal: Callable[[], bytes], *, loopback_only: bool = False) -> None:
        self._account = account
        self._region = region
        self._seal = seal
        self._loopback_only = loopback_only

    def __call__(self, request: Request, service: str, now: int) -> Identity:
        """Return the identity that the request claims. SignatureError for a region that there is not."""
        del service, now
        refuse_browsers(request)
        if self._loopback_only:
            refuse_other_hosts(request)
        scope = _believed(request)
        if scope is None:
            return self.claimed("", self._region)
        return self.claimed(scope.access_key_id, scope.region, scope.session_token or "")

    def claimed(self, access_key_id: str, region: str, token: str = "") -> Identity:
        """Return the identity behind an access key id, a region and a session's token that nobody proved."""
        session = self._session(token)
        key = self.key(session.key if session else access_key_id)
        if session:
            return within(session, key, _partition(region), region, bound=self.bound and key is not None)
        if key:
            return Identity(behind(key, _partition(region)), World(key.account, region), key, bound=self.bound)
        is_account = len(access_key_id) == ACCOUNT_DIGITS and access_key_id.isascii() and access_key_id.isdigit()
        account = access_key_id if is_account else self._account
        return Identity(root(account, _partition(region)), World(account, region))

    def key(self, access_key_id: str) -> AccessKey | None:
        """Return the key of an id; None for one that is of nobody, as here all are."""
        del access_key_id
        return None

    def _session(self, token: str) -> Session | None:
        try:
            return opened(token, self._seal()) if token else None
        except SealError:
            return None


class Known(Open):
    """Believe every request, but hold who uses a key that the store knows to the policies of its user.

    For tests in one process, where nobody has to be kept out.
    """

    bound = True

    def __init__(self, account: str, region: str, find_key: FindKey, seal: Callable[[], bytes]) -> None:
        super().__init__(account, region, seal)
        self._find_key = find_key
        self._known: dict[str, AccessKey] = {}

    def key(self, access_key_id: str) -> AccessKey | None:
        """Return the key of an id. One is remembered: ``App.perform`` looks at it again."""
        if access_key_id not in self._known:
            found = self._find_key(access_key_id) if access_key_id.startswith("AKIA") else None
            if found is None:
                return None
            self._known[access_key_id] = found[0]
        return self._known[access_key_id]


def _believed(request: Request) -> Scope | None:
    try:
        return read_scope(request)
    except SignatureError:
        return None


def key_in(request: Request) -> str:
    """Return the id of the access key that a request names, for the log; "?" for what has not the form of an id.

    Somebody may have put a secret in its place.
    """
    scope = _believed(request)
    if scope is None:
        return ""
    return scope.access_key_id if _KEY_ID.fullmatch(scope.access_key_id) else "?"


def refuse_browsers(request: Request) -> None:
    """Refuse a request with a browser's marks of having been sent by a page [error: reference 2.3, recorded].

    What its user typed is served: a browser marks it as a navigation that no site began.
    """
    marks = {name: value for name, value in request.headers if name.startswith("sec-fetch-")}
    typed = (marks.get("sec-fetch-site"), marks.get("sec-fetch-mode", "navigate")) == ("none", "navigate")
    if (marks and not typed) or any(name in ("origin", "referer") for name, _ in request.headers):
        raise _unauthorized()


def refuse_other_hosts(request: Request) -> None:
    """Refuse a request to a name that is not of this machine alone, such as one of a page that points here [inferred].

    Without the header no browser sent it.
    """
    for host in (value for name, value in request.headers if name == "host"):
        seen = _HOST.fullmatch(host.lower())
        if not (seen and is_loopback(seen[1] or seen[2])):
            raise _unauthorized(" Over this host name the server answers with --auth signed, or --allow-open.")


def _unauthorized(why: str = "") -> ApiError:
    return ApiError("UnauthorizedOperation", f"You are not authorized to perform this operation.{why}", 403)


class Signed:
    """Verify every request against the secret of an active access key; the key's account is the world's.

    Active keys are remembered for a moment, since looking one up costs as much as verifying with it. One that was
    disabled or deleted meanwhile is refused all the same: ``App.perform`` looks at it again, in the transaction of the
    call. A moment later nobody is believed by it any more, so that who floods us with it counts as a stranger.
    """

    def __init__(self, find_key: FindKey, seal: Callable[[], bytes], *, bound: bool) -> None:
        self._find_key = find_key
        self._seal = seal
        self._bound = bound
        self._active: dict[str, tuple[AccessKey, str]] = {}
        self._since = 0

    def __call__(self, request: Request, service: str, now: int) -> Identity:
        """Return who signed. SignatureError with the reason when nobody did, or nobody that may."""
        scope = read_scope(request)
        if scope is None:
            raise SignatureError(Reason.UNSIGNED)
        if scope.service != service:
            raise SignatureError(Reason.SCOPE)
        partition = _partition(scope.region)
        if not 0 <= now - self._since < MOMENT:
            self._active.clear()
            self._since = now
        if scope.session_token is not None:
            return self._session(request, scope, partition, now)
        key, secret = self._key(scope.access_key_id)
        verify(request, scope, secret, now)
        refuse_unusable(key, now)
        return Identity(behind(key, partition), World(key.account, scope.region), key, bound=self._bound)

    def _session(self, request: Request, scope: Scope, partition: str, now: int) -> Identity:
        """Return who signed with temporary credentials, which are of the partition that they were given out in.

        The ARNs of another partition are not those that the policies which let somebody have them know (inferred).
        """
        token = scope.session_token or ""
        seal = self._seal()
        session = session_of(token, seal, scope.access_key_id)
        if session.partition != partition:
            raise SignatureError(Reason.UNKNOWN_KEY)
        verify(request, scope, secret_of(session, seal), now, token)
        key, _ = self._key(session.key)
        refuse_unusable(key, now, session)
        return within(session, key, partition, scope.region, bound=self._bound)

    def _key(self, key_id: str) -> tuple[AccessKey, str]:
        found = self._active.get(key_id) or self._find_key(key_id)
        if found is None or not usable(found[0]):
            raise SignatureError(Reason.UNKNOWN_KEY)
        self._active[key_id] = found
        return found


def session_of(token: str, seal: bytes, key_id: str) -> Session:
    """Return the session that a token is of. SignatureError when it was never given out, or with another key."""
    try:
        session = opened(token, seal)
    except SealError as error:
        raise SignatureError(Reason.UNKNOWN_KEY) from error
    if session.id != key_id:
        raise SignatureError(Reason.UNKNOWN_KEY)
    return session


def refuse_unusable(key: AccessKey, now: int, session: Session | None = None) -> None:
    """Refuse a key that has expired, and a session that has ended. SignatureError."""
    if (key.expires and now >= key.expires) or (session and now >= session.expires):
        raise SignatureError(Reason.ENDED)


def within(session: Session, key: AccessKey | None, partition: str, region: str, *, bound: bool) -> Identity:
    """Return who calls by temporary credentials: the role that was assumed, or whoever's key asked for them."""
    if session.role:
        caller = assumed(session.account, session.role, session.name, partition)
    else:
        caller = behind(key, partition) if key else root(session.account, partition)
    return Identity(caller, World(session.account, region), key, session, bound)


def _partition(region: str) -> str:
    try:
        return PARTITION_OF[region]
    except KeyError:
        raise SignatureError(Reason.SCOPE) from None
