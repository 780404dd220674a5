"""The demo's third act: rules that stop packets, between two instances of this machine, as root on Linux."""

from __future__ import annotations

import json
from collections.abc import Callable
from contextlib import ExitStack
from functools import partial
from threading import Event
from typing import Any, NamedTuple

from groupwall.commands.demo_stage import Answer, Stage
from groupwall.commands.demo_steps import Seen, Step, tcp
from groupwall.enforce.dataplane.namespaces import Namespaces
from groupwall.enforce.probes.conversing import Conversation, Place, Stream, converse, listening, streaming
from groupwall.units import ticks

IMAGE = "ami-0123456789abcdef0"
WEB, OTHER, STREAM = 8080, 8081, 9000
ROUNDS = 11
_PATIENCE = 30.0
_WAIT = 20
"""Seconds that the server holds a question whether a change is applied."""
_SOON = 0.01
_LATE = 0.02
"""Seconds in which a packet would be here that passed, since each takes a hundredth of a millisecond."""


class Scene(NamedTuple):
    """Two instances, and the group of the second, which admits nothing at first."""

    here: Place
    there: Place
    group_id: str


class Act:
    """The act: its two instances, and what one step leaves for the next. held: what is open is closed with it."""

    def __init__(self, namespaces: Namespaces, held: ExitStack) -> None:
        self._namespaces = namespaces
        self._held = held
        self._scene: Scene | None = None
        self._ports: dict[int, Callable[[], Conversation | None]] = {}
        self._talks: dict[int, Conversation] = {}

    def instances(self, stage: Stage) -> Seen:
        """Run two instances, and try to connect them."""
        group_id = str(stage.ec2("create_security_group", GroupName="web", Description="demo")["GroupId"])
        here = self._run(stage)
        there = self._run(stage, SecurityGroupIds=[group_id])
        self._scene = Scene(here, there, group_id)
        for port in (WEB, OTHER):
            server = self._held.enter_context(listening(there, port))
            self._ports[port] = partial(converse, here, server)
        connected = self._connect(stage, WEB)
        return Seen(not connected, f"{here.address} and {there.address}; without a rule: {_word(connected)}")

    def authorized(self, stage: Stage) -> Seen:
        """Authorize two ports, and connect to each."""
        scene = self._set()
        rules = [tcp(port, f"{scene.here.address}/32") for port in (WEB, OTHER)]
        reply = stage.ec2("authorize_security_group_ingress", GroupId=scene.group_id, IpPermissions=rules)
        _applied(stage, reply)
        connected = [self._connect(stage, port) for port in (WEB, OTHER)]
        return Seen(all(connected), f"ports {WEB} and {OTHER}: {', '.join(map(_word, connected))}")

    def revoked(self, stage: Stage) -> Seen:
        """Revoke one of them, and connect once more."""
        scene = self._set()
        reply = stage.ec2("revoke_security_group_ingress", GroupId=scene.group_id, IpPermissions=[self._rule()])
        _applied(stage, reply)
        again, lives = self._connect(stage, WEB), self._speaks(stage, WEB)
        return Seen(not again and lives, f"the next connection {_word(again)}; the one before {_alive(lives)}")

    def cut(self, stage: Stage) -> Seen:
        """Revoke it so that what is under way ends too."""
        scene = self._set()
        given = {"GroupId": scene.group_id, "IpPermissions": [self._rule()]}
        stage.ec2("authorize_security_group_ingress", **given)
        call = {"Operation": "RevokeSecurityGroupIngress", "Parameters": json.dumps(given)}
        reply = stage.ask(stage.clients.history, "apply_changes", Calls=[call], ExistingFlows="cut")
        _applied(stage, reply)
        web, other = self._speaks(stage, WEB), self._speaks(stage, OTHER)
        return Seen(not web and other, f"port {WEB} {_alive(web)}; port {OTHER}, still authorized, {_alive(other)}")

    def fast(self, stage: Stage) -> Seen:
        """Revoke again and again while packets are sent."""
        scene = self._set()
        rule = {**tcp(STREAM, f"{scene.here.address}/32"), "IpProtocol": "udp"}
        with streaming(scene.here, scene.there, STREAM) as stream:
            rounds = [_round(stage, stream, scene.group_id, rule) for _ in range(ROUNDS)]
        times = sorted(one.last * 1000 for one in rounds)
        late = sum(one.late for one in rounds)
        told = f"{times[ROUNDS // 2]:.1f} ms; of {ROUNDS} revokes {times[0]:.1f} to {times[-1]:.1f} ms"
        stage.tell(f"{ROUNDS} times authorize, revoke, a packet each 0.1 ms", told)
        return Seen(not late, f"after {told}; packets after it was told to be applied: {late}")

    # ---- what the steps are made of

    def _set(self) -> Scene:
        if self._scene is None:
            raise RuntimeError("there are no instances")
        return self._scene

    def _rule(self) -> Answer:
        return tcp(WEB, f"{self._set().here.address}/32")

    def _run(self, stage: Stage, **given: Any) -> Place:  # noqa: ANN401 - boto3's parameters
        """Run an instance, and return once it is there and held to its rules."""
        [made] = stage.ec2("run_instances", ImageId=IMAGE, MinCount=1, MaxCount=1, **given)["Instances"]
        wanted = made["NetworkInterfaces"][0]["NetworkInterfaceId"]
        late = ticks() + _PATIENCE
        while wanted not in _enforced(stage):
            if ticks() > late:
                raise TimeoutError(f"no host enforces {wanted}")
            Event().wait(_SOON)
        namespace = self._held.enter_context(self._namespaces.opened(made["InstanceId"]))
        return Place(namespace, made["PrivateIpAddress"])

    def _connect(self, stage: Stage, port: int) -> bool:
        """Tell whether a connection comes about; one that does is kept."""
        talk = self._ports[port]()
        scene = self._set()
        stage.tell(f"{scene.here.address} connects to {scene.there.address}:{port}", _word(talk is not None))
        if talk:
            self._held.callback(talk.close)
            self._talks[port] = talk
        return talk is not None

    def _speaks(self, stage: Stage, port: int) -> bool:
        speaks = self._talks[port].speaks()
        stage.tell(f"hello, through the connection to port {port}", "heard" if speaks else "not heard")
        return speaks


class Round(NamedTuple):
    """Seconds from a revoke to the last packet that passed, and how many passed once it was said to be applied."""

    last: float
    late: int


def _round(stage: Stage, stream: Stream, group_id: str, rule: Answer) -> Round:
    given = {"GroupId": group_id, "IpPermissions": [rule]}
    _applied_quietly(stage, stage.clients.ec2.authorize_security_group_ingress(**given))
    _until_packets_pass(stream)
    began = ticks()
    reply = stage.clients.ec2.revoke_security_group_ingress(**given)
    _applied_quietly(stage, reply)
    applied = ticks()
    Event().wait(_LATE)
    passed = stream.arrived()
    return Round(max([*passed, began]) - began, sum(sent > applied for sent in passed))


def _until_packets_pass(stream: Stream) -> None:
    late = ticks() + _PATIENCE
    while not stream.arrived():
        if ticks() > late:
            raise TimeoutError("no packet passes, though a rule lets it")
        Event().wait(_SOON)


def _applied(stage: Stage, reply: Answer) -> None:
    """Return when a change is applied."""
    revision = _revision(reply)
    stage.clients.history.get_waiter("rules_applied").wait(Revision=revision)
    stage.tell(f"get_waiter('rules_applied').wait(Revision={revision})", "applied")


def _applied_quietly(stage: Stage, reply: Answer) -> None:
    told = stage.clients.history.describe_propagation(Revision=_revision(reply), Wait=_WAIT)
    if told["State"] != "applied":
        raise TimeoutError(f"revision {_revision(reply)} is {told['State']}")


def _revision(reply: Answer) -> int:
    return int(reply["ResponseMetadata"]["HTTPHeaders"]["x-groupwall-revision"])


def _enforced(stage: Stage) -> list[str]:
    hosts = stage.clients.history.describe_propagation()["Hosts"]
    return [interface_id for host in hosts for interface_id in host["InterfaceIds"]]


def _word(connected: bool) -> str:  # noqa: FBT001 - the only thing it is told
    return "connected" if connected else "refused"


def _alive(lives: bool) -> str:  # noqa: FBT001 - the only thing it is told
    return "lives" if lives else "has ended"


def packets(namespaces: Namespaces, held: ExitStack) -> tuple[Step, ...]:
    """Return the steps of the act, which follow from each other."""
    act = Act(namespaces, held)
    return (
        Step("instances", "two instances run, and no packet passes without a rule", act.instances),
        Step("authorize", "two ports are authorized, and programs of the two connect", act.authorized),
        Step("revoke", "no new connection comes about; the one that was there lives, as at AWS", act.revoked),
        Step("cut", "on request it ends as well, and no other does", act.cut),
        Step("how fast", "from the request to the last packet that passes; none once it is applied", act.fast),
    )
