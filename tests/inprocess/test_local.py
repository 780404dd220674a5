"""``groupwall.local()``: whose calls are answered, by which wall, for how long."""

from __future__ import annotations

import asyncio
import datetime as dt
import inspect
import os
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import boto3
import pytest
from botocore.client import BaseClient
from botocore.config import Config
from botocore.endpoint import Endpoint
from botocore.exceptions import ClientError, EndpointConnectionError
from botocore.stub import Stubber

import groupwall
from groupwall.config import Quotas, SettingError

NOW = dt.datetime(2026, 11, 23, 4, 0, tzinfo=dt.UTC)
Json = dict[str, Any]
Client = Any

KEYS: Json = {"aws_access_key_id": "test", "aws_secret_access_key": "test", "region_name": "us-east-1"}
NOWHERE = "http://127.0.0.1:1"
"""A port that nothing listens on."""
BOTH_WAYS = pytest.mark.parametrize("way", [{}, {"wire": True}], ids=["call", "wire"])


def group_names(client: Client) -> set[str]:
    """Return the names of a client's groups."""
    return {group["GroupName"] for group in client.describe_security_groups()["SecurityGroups"]}


def create(client: Client, name: str) -> str:
    """Create a group and return its id."""
    group_id: str = client.create_security_group(GroupName=name, Description="d")["GroupId"]
    return group_id


@BOTH_WAYS
def test_client_and_resource(way: Json) -> None:
    """A client and a resource made without any configuration see the same world (inferred)."""
    with groupwall.local(**way):
        create(boto3.client("ec2"), "web")
        assert {group.group_name for group in boto3.resource("ec2").security_groups.all()} == {"default", "web"}


@BOTH_WAYS
def test_clients_made_before(way: Json) -> None:
    """A client that was made before is answered inside, whatever its endpoint, and outside again after (inferred)."""
    client = boto3.client("ec2", endpoint_url=NOWHERE, config=Config(retries={"max_attempts": 0}), **KEYS)
    with groupwall.local(**way):
        create(client, "web")
        assert group_names(client) == {"default", "web"}
    with pytest.raises(EndpointConnectionError):
        client.describe_vpcs()


@BOTH_WAYS
@pytest.mark.parametrize("service", ["ec2", "sts", "groupwall"])
def test_our_services(service: str, way: Json) -> None:
    """Each service of ours is answered whatever its endpoint (inferred)."""
    calls = {"ec2": "describe_vpcs", "sts": "get_caller_identity", "groupwall": "describe_changes"}
    with groupwall.local(**way) as wall:
        client = wall.client(service, endpoint_url=NOWHERE)
        assert getattr(client, calls[service])()["ResponseMetadata"]["HTTPStatusCode"] == 200


def test_decorator() -> None:
    """Each call of a decorated function has a wall of its own, and its arguments and result pass (inferred)."""

    @groupwall.local()
    def made(name: str) -> set[str]:
        client = boto3.client("ec2")
        create(client, name)
        return group_names(client)

    assert made("a") == {"default", "a"}
    assert made(name="b") == {"default", "b"}
    assert list(inspect.signature(made).parameters) == ["name"]


def test_decorator_without_parentheses() -> None:
    """The decorator may stand without parentheses (inferred)."""

    @groupwall.local
    def made(name: str) -> set[str]:
        client = boto3.client("ec2")
        create(client, name)
        return group_names(client)

    assert made("a") == {"default", "a"}
    assert made("b") == {"default", "b"}


class TestDecoratedMethod:
    """A test class as users write it."""

    @groupwall.local(account="111122223333")
    def test_method(self) -> None:
        """A decorated test method runs inside a wall (inferred)."""
        assert boto3.client("sts").get_caller_identity()["Account"] == "111122223333"


def test_decorated_coroutine() -> None:
    """A decorated coroutine function is inside its wall until it is done, not only until it is called (inferred)."""

    @groupwall.local()
    async def names() -> set[str]:
        await asyncio.sleep(0)
        return group_names(boto3.client("ec2"))

    assert asyncio.run(names()) == {"default"}


def test_decorated_generator() -> None:
    """What does not run between its call and its return is refused when it is decorated (inferred)."""

    def fixture() -> Iterator[None]:
        yield

    for wrong in (fixture, TestDecoratedMethod, "us-east-1"):
        for decorator in (groupwall.local, groupwall.local()):
            with pytest.raises(TypeError, match="with groupwall"):
                decorator(wrong)


def test_error_inside() -> None:
    """A wall ends when its block raises (inferred)."""
    before = BaseClient._make_request  # noqa: SLF001 - what is patched
    with pytest.raises(ZeroDivisionError), groupwall.local():
        raise ZeroDivisionError
    assert BaseClient._make_request is before  # noqa: SLF001 - as above


def test_nested() -> None:
    """The innermost wall answers; the outer one's world is untouched and back afterwards (inferred)."""
    client = boto3.client("ec2", **KEYS)
    with groupwall.local():
        create(client, "outer")
        with groupwall.local(wire=True):
            create(client, "inner")
            assert group_names(client) == {"default", "inner"}
        assert group_names(client) == {"default", "outer"}


@BOTH_WAYS
def test_own_clients(way: Json) -> None:
    """What a wall made itself asks that wall, also while another inside of it answers everybody else (inferred)."""
    with groupwall.local(**way) as outer:
        clients = [outer.client("ec2"), outer.resource("ec2").meta.client, outer.session().client("ec2", "us-east-1")]
        create(clients[0], "outer")
        with groupwall.local(**way):
            create(boto3.client("ec2"), "inner")
            clients.append(outer.client("ec2"))
            assert [group_names(client) for client in clients] == [{"default", "outer"}] * 4
            assert group_names(boto3.client("ec2")) == {"default", "inner"}
            assert {group.group_name for group in outer.resource("ec2").security_groups.all()} == {"default", "outer"}


@BOTH_WAYS
@pytest.mark.parametrize("mode", ["legacy", "standard"])
def test_own_clients_after_the_end(way: Json, mode: str) -> None:
    """A wall's own client tells that the wall has ended, at once, whether another answers or none (inferred)."""
    with groupwall.local(**way) as wall:
        client = wall.client("ec2", config=Config(retries={"mode": mode, "max_attempts": 9}))
        client.describe_vpcs()
    with pytest.raises(RuntimeError, match="has ended"):
        client.describe_vpcs()
    with groupwall.local(**way), pytest.raises(RuntimeError, match="has ended"):
        client.describe_vpcs()


def test_ends_in_any_order() -> None:
    """A wall that ends before the one inside of it leaves that one answering (inferred)."""
    client = boto3.client("ec2", **KEYS)
    outer, inner = groupwall.local(), groupwall.local()
    outer.__enter__()
    inner.__enter__()
    create(client, "inner")
    outer.__exit__()
    assert group_names(client) == {"default", "inner"}
    inner.__exit__()
    assert "groupwall" not in BaseClient._make_request.__module__  # noqa: SLF001 - what is patched


def test_one_after_another() -> None:
    """Walls one after another know nothing of each other, entered from one value too (inferred)."""
    again = groupwall.local()
    for _ in range(2):
        with again as wall:
            client = wall.client("ec2")
            assert group_names(client) == {"default"}
            create(client, "web")


@BOTH_WAYS
def test_threads(way: Json) -> None:
    """Threads share one wall: every change of each is there, and revisions have no gap (inferred)."""
    with groupwall.local(**way) as wall, ThreadPoolExecutor(8) as pool:
        client = wall.client("ec2")
        ids = list(pool.map(lambda number: create(client, f"web-{number}"), range(40)))
        changes = wall.client("groupwall").describe_changes()
        assert len(set(ids)) == 40
        assert [change["Revision"] for change in changes["Changes"]] == list(range(1, changes["Revision"] + 1))


def test_walls_of_several_threads() -> None:
    """Walls are the process's: another thread's calls are answered by the innermost one (inferred)."""
    found: list[set[str]] = []
    with groupwall.local() as wall:
        client = wall.client("ec2")
        create(client, "web")
        thread = threading.Thread(target=lambda: found.append(group_names(client)))
        thread.start()
        thread.join()
    assert found == [{"default", "web"}]


def test_threads_with_a_wall_each() -> None:
    """Each of many threads that enter a wall of their own is alone in it with the wall's own clients (inferred)."""

    def alone(number: int) -> set[str]:
        with groupwall.local() as wall:
            client = wall.client("ec2")
            start.wait()
            create(client, f"web-{number}")
            names = group_names(client)
            end.wait()
            return names

    start, end = threading.Barrier(4), threading.Barrier(4)
    with ThreadPoolExecutor(4) as pool:
        assert list(pool.map(alone, range(4))) == [{"default", f"web-{number}"} for number in range(4)]


def _history(options: Json) -> list[dict[str, Any]]:
    with groupwall.local(**options) as wall:
        client = wall.client("ec2")
        group_id = create(client, "web")
        client.authorize_security_group_ingress(
            GroupId=group_id, IpProtocol="tcp", FromPort=1, ToPort=1, CidrIp="10.0.0.0/8"
        )
        changes: list[dict[str, Any]] = wall.client("groupwall").describe_changes()["Changes"]
        return changes


def test_seed_repeats() -> None:
    """The same seed and time give the same ids, times and hashes; another seed gives others (inferred)."""
    first = _history({"seed": 7, "now": NOW})
    assert _history({"seed": 7, "now": NOW}) == first
    assert _history({"seed": 8, "now": NOW}) != first
    assert _history({"now": NOW}) != first


def test_clock() -> None:
    """The clock stands still where it was set, and moves as it is told (inferred)."""
    with groupwall.local(now=NOW) as wall:
        client, changes = wall.client("ec2"), wall.client("groupwall")
        create(client, "a")
        wall.clock.advance(90.5)
        create(client, "b")
        wall.clock.advance(dt.timedelta(days=1))
        create(client, "c")
        times = [change["Time"] - NOW for change in changes.describe_changes()["Changes"]]
    assert [time.total_seconds() for time in times] == [0, 0, 90.5, 86490.5]


def test_machine_clock() -> None:
    """A wall that was given no time uses the machine's, and says so when it is to be advanced (inferred)."""
    with groupwall.local() as wall, pytest.raises(RuntimeError, match="now="):
        wall.clock.advance(1)


@pytest.mark.parametrize(
    ("options", "error"),
    [
        ({"account": "12"}, SettingError),
        ({"region": "mars"}, SettingError),
        ({"now": NOW.replace(tzinfo=None)}, ValueError),
    ],
)
def test_wrong_values(options: dict[str, Any], error: type[Exception]) -> None:
    """What can't be used is refused by its name, before anything is patched (inferred)."""
    before = BaseClient._make_request  # noqa: SLF001 - what is patched
    with pytest.raises(error, match=next(iter(options))):
        groupwall.local(**options).__enter__()
    assert BaseClient._make_request is before  # noqa: SLF001 - as above


@pytest.mark.parametrize(
    ("option", "wrong", "message"),
    [
        ("regoin", "us-east-1", r"no option 'regoin', only account, region,"),
        ("account", 123456789012, r"account must be str, not 123456789012"),
        ("region", ["us-east-1"], r"region must be str \| None, not \['us-east-1'\]"),
        ("seed", "abc", r"seed must be int \| None, not 'abc'"),
        ("now", "2026-11-23", r"now must be datetime.datetime \| None, not '2026-11-23'"),
        ("wire", "no", r"wire must be bool, not 'no'"),
        ("quotas", {"rules_per_group": 1}, r"quotas must be groupwall.config.Quotas, not {'rules_per_group': 1}"),
    ],
)
def test_wrong_options(option: str, wrong: object, message: str) -> None:
    """A misspelt option, or one of another type, is refused where it is written (inferred)."""
    with pytest.raises(TypeError, match=message):
        groupwall.local(**{option: wrong})


def test_quotas() -> None:
    """A wall has the quotas that it is given (reference 21 [docs])."""
    with groupwall.local(quotas=Quotas(groups_per_region=2)) as wall:
        client = wall.client("ec2")
        create(client, "a")
        with pytest.raises(ClientError, match="SecurityGroupLimitExceeded"):
            create(client, "b")


def test_accounts_and_regions() -> None:
    """A session of another account or region sees another world of the same wall (inferred)."""
    with groupwall.local(account="111122223333", region="eu-west-1") as wall:
        create(wall.client("ec2"), "web")
        others = [wall.session(account="444455556666"), wall.session(region="us-west-2")]
        assert [group_names(session.client("ec2")) for session in others] == [{"default"}, {"default"}]
        assert wall.resource("ec2").meta.client.meta.region_name == "eu-west-1"
        assert group_names(boto3.client("ec2")) == {"default", "web"}


class _Teapot(BaseHTTPRequestHandler):
    """Answers every request, and no EC2."""

    def do_GET(self) -> None:
        """Answer 418, and the path that was asked for."""
        self.send_response(418)
        self.send_header("x-asked", self.path)
        self.send_header("content-length", "0")
        self.end_headers()

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@contextmanager
def _teapot() -> Iterator[str]:
    with ThreadingHTTPServer(("127.0.0.1", 0), _Teapot) as server:
        threading.Thread(target=server.serve_forever).start()
        try:
            yield f"http://127.0.0.1:{server.server_port}"
        finally:
            server.shutdown()


@BOTH_WAYS
def test_other_services(way: Json) -> None:
    """Another service's call reaches the network as ever, a wall's own client's too (inferred)."""
    with _teapot() as address, groupwall.local(**way) as wall:
        for s3 in (boto3.client("s3", endpoint_url=address), wall.client("s3", endpoint_url=address)):
            with pytest.raises(ClientError) as error:
                s3.list_objects_v2(Bucket="tea")
            s3.close()
            headers = error.value.response["ResponseMetadata"]["HTTPHeaders"]
            assert headers["x-asked"].startswith("/tea?list-type=2")


def _registered(client: Client) -> str:
    """Return all that a client's emitter holds, as text."""
    trie = client.meta.events._emitter._handlers  # noqa: SLF001 - there is no other way to see it

    def within(node: Json) -> list[Any]:
        return [node["chunk"], node["values"], *(within(child) for child in node["children"].values())]

    return repr(within(trie._root))  # noqa: SLF001 - as above


@BOTH_WAYS
def test_botocore_is_left_as_it_was(way: Json) -> None:
    """After the last wall the classes of botocore, and the handlers of every client, are what they were (inferred)."""
    client = boto3.client("ec2", **KEYS)
    before = dict(vars(BaseClient)), dict(vars(Endpoint)), _registered(client)
    with groupwall.local(**way), groupwall.local(**way):
        client.describe_vpcs()
        inside = boto3.client("ec2", **KEYS)
        inside.describe_vpcs()
    assert (dict(vars(BaseClient)), dict(vars(Endpoint)), _registered(client)) == before
    assert _registered(inside) != ""
    assert "groupwall" not in _registered(inside)


def test_wrapped_meanwhile(monkeypatch: pytest.MonkeyPatch) -> None:
    """Somebody who wraps botocore's method inside a wall keeps the wrapper when the wall ends (inferred)."""
    seen: list[str] = []
    monkeypatch.setattr(BaseClient, "_make_request", BaseClient._make_request)  # noqa: SLF001 - there again at the end
    with groupwall.local() as wall:
        ours = BaseClient._make_request  # noqa: SLF001 - what is patched

        def wrapper(self: Client, operation: Client, *rest: Client) -> Client:
            seen.append(operation.name)
            return ours(self, operation, *rest)

        monkeypatch.setattr(BaseClient, "_make_request", wrapper)
        wall.client("ec2").describe_vpcs()
    assert BaseClient._make_request is wrapper  # noqa: SLF001 - as above
    with groupwall.local() as wall:
        wall.client("ec2").describe_vpcs()
    with pytest.raises(EndpointConnectionError):
        boto3.client("ec2", endpoint_url=NOWHERE, config=Config(retries={"max_attempts": 0}), **KEYS).describe_subnets()
    assert seen == ["DescribeVpcs", "DescribeSubnets"]


def test_other_botocores(monkeypatch: pytest.MonkeyPatch) -> None:
    """A botocore whose requests always have a user agent is answered just as well (inferred)."""
    agents: list[str] = []
    convert = BaseClient._convert_to_request_dict  # noqa: SLF001 - what is patched

    def always(self: Client, **given: Client) -> Client:
        request = convert(self, **given)
        agents.append(request["headers"].get("User-Agent", ""))
        return request

    with groupwall.local() as wall:
        wall.client("ec2").describe_vpcs()
    monkeypatch.setattr(BaseClient, "_convert_to_request_dict", always)
    with groupwall.local() as wall:
        wall.client("ec2").describe_vpcs()
    assert [agent.split("/")[0] for agent in agents] == ["Boto3"]


@BOTH_WAYS
def test_presigned(way: Json) -> None:
    """A presigned URL is made as ever: it goes to whoever it names (inferred)."""
    with groupwall.local(**way) as wall:
        url = wall.client("ec2", endpoint_url=NOWHERE).generate_presigned_url("describe_vpcs")
    assert url.startswith(f"{NOWHERE}/?Action=DescribeVpcs")


@BOTH_WAYS
def test_stubber_first(way: Json) -> None:
    """An answer that a Stubber holds ready comes before the wall's (inferred)."""
    with groupwall.local(**way) as wall:
        client = wall.client("ec2")
        with Stubber(client) as stub:
            stub.add_response("describe_vpcs", {"Vpcs": []})
            assert client.describe_vpcs()["Vpcs"] == []
        assert len(client.describe_vpcs()["Vpcs"]) == 1


@BOTH_WAYS
def test_events_are_seen(way: Json) -> None:
    """Observers of botocore's events see each call and its answer (inferred)."""
    seen: list[Any] = []
    with groupwall.local(**way) as wall:
        client = wall.client("ec2")
        client.meta.events.register("before-call.ec2", lambda params, **_: seen.append(params["body"]["Action"]))
        client.meta.events.register(
            "after-call.ec2",
            lambda http_response, parsed, **_: seen.append((http_response.status_code, len(parsed["Vpcs"]))),
        )
        client.describe_vpcs()
    assert seen == ["DescribeVpcs", (200, 1)]


@pytest.mark.skipif(not hasattr(os, "fork"), reason="only POSIX forks")
@pytest.mark.filterwarnings("ignore:.*fork.*:DeprecationWarning")
def test_a_forked_process_is_told_to_begin_its_own() -> None:
    """A wall does not answer in a process that was forked off, where it could wait for a lock for ever (inferred)."""
    read, write = os.pipe()
    with groupwall.local() as wall:
        ec2 = wall.client("ec2")
        child = os.fork()
        if child == 0:
            try:
                ec2.describe_vpcs()
            except RuntimeError as error:
                os.write(write, str(error).encode())
            finally:
                os._exit(0)
        os.close(write)
        assert b"only the process that began it" in os.read(read, 200)
        os.waitpid(child, 0)
        os.close(read)
        assert len(ec2.describe_vpcs()["Vpcs"]) == 1
