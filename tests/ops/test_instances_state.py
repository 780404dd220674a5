"""Any sequence of calls on instances, their interfaces and time keeps both sides in step, and the law holds."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from groupwall.errors import ApiError
from tests import scenes
from tests.driver import Wall
from tests.interfaces import create_subnet
from tests.law import breaches
from tests.ops.test_instances import AMI
from tests.scenes import Json

numbers = st.integers(0, 20)
NEXT = {"StartInstances": "running", "StopInstances": "stopped", "TerminateInstances": "terminated"}


class Instances(RuleBasedStateMachine):
    """Calls on instances in one small subnet; ``states`` tells what each that was launched was last asked to be."""

    def __init__(self) -> None:
        super().__init__()
        self.wall = Wall()
        self.subnet = create_subnet(self.wall)
        self.groups = [scenes.create_group(self.wall, f"g{number}", self.subnet["VpcId"]) for number in range(3)]
        self.states: dict[str, str] = {}
        self.launch(1, [], 0)

    def teardown(self) -> None:
        """The history gives the tables."""
        with tempfile.TemporaryDirectory() as folder:
            self.wall.copy_to(Path(folder))
            assert breaches(Path(folder)) == []
        self.wall.close()

    # ---- steps

    @rule(count=st.integers(1, 5), old=st.lists(numbers, max_size=2), new=st.integers(0, 2))
    def launch(self, count: int, old: list[int], new: int) -> None:
        """Launch instances with interfaces of all kinds, perhaps more than there is room for."""
        devices: list[Json] = [{"NetworkInterfaceId": self._interface(number)} for number in old]
        devices += [{"SubnetId": self.subnet["SubnetId"], "DeleteOnTermination": bool(one)} for one in range(new)]
        places = [{"DeviceIndex": place} | one for place, one in enumerate(devices)]
        asked = {"NetworkInterfaces": places} if places else {"SubnetId": self.subnet["SubnetId"]}
        made = self._try("RunInstances", ImageId=AMI, MinCount=1, MaxCount=count, **asked)
        self.states |= {one["InstanceId"]: "running" for one in made.get("Instances", ())}

    @rule(name=st.sampled_from(sorted(NEXT)), picked=st.lists(numbers, min_size=1, max_size=3))
    def move(self, name: str, picked: list[int]) -> None:
        """Start, stop or end instances."""
        ids = [self._instance(number) for number in picked]
        if self._try(name, InstanceIds=ids):
            self.states |= dict.fromkeys(ids, NEXT[name])

    @rule(number=numbers, picked=numbers)
    def set_groups(self, number: int, picked: int) -> None:
        """Ask for another group."""
        self._try("ModifyInstanceAttribute", InstanceId=self._instance(number), Groups=[self.groups[picked % 3]])

    @rule(number=numbers, protected=st.booleans())
    def protect(self, number: int, protected: bool) -> None:  # noqa: FBT001 - what is drawn
        """Guard an instance from being ended, or no longer."""
        value = {"DisableApiTermination": {"Value": protected}}
        self._try("ModifyInstanceAttribute", InstanceId=self._instance(number), **value)

    @rule(number=numbers, instance=numbers)
    def attach(self, number: int, instance: int) -> None:
        """Attach an interface."""
        call = {"NetworkInterfaceId": self._interface(number), "InstanceId": self._instance(instance)}
        self._try("AttachNetworkInterface", **call, DeviceIndex=1 + number % 2)

    @rule(number=numbers)
    def detach(self, number: int) -> None:
        """Detach an interface, perhaps one that must stay."""
        attached = [one["Attachment"]["AttachmentId"] for one in self._interfaces() if "Attachment" in one]
        self._try("DetachNetworkInterface", AttachmentId=attached[number % len(attached)] if attached else "x")

    @rule(number=numbers)
    def delete_interface(self, number: int) -> None:
        """Delete an interface, which its attachment prevents."""
        self._try("DeleteNetworkInterface", NetworkInterfaceId=self._interface(number))

    @rule(minutes=st.sampled_from([1, 59, 61]))
    def wait(self, minutes: int) -> None:
        """Let time pass, after which what was ended is no longer told."""
        self.wall.clock.advance(60 * minutes)

    # ---- what is asked and what is seen

    def _instance(self, number: int) -> str:
        ids = sorted(self.states)
        return ids[number % len(ids)] if ids else "i-00000000"

    def _interface(self, number: int) -> str:
        ids = [one["NetworkInterfaceId"] for one in self._interfaces()]
        return ids[number % len(ids)] if ids else "eni-00000000"

    def _interfaces(self) -> list[Json]:
        interfaces: list[Json] = self.wall.ask("DescribeNetworkInterfaces")["NetworkInterfaces"]
        return interfaces

    def _instances(self) -> list[Json]:
        return [one for of in self.wall.ask("DescribeInstances")["Reservations"] for one in of["Instances"]]

    def _try(self, name: str, **params: Any) -> Json:  # noqa: ANN401 - as boto3 gives them
        """Return the reply, or nothing for a refusal, which leaves everything as it was."""
        before, revision = (self._instances(), self._interfaces()), self.wall.app.revision()
        try:
            return self.wall.ask(name, **params)
        except ApiError as refused:
            assert refused.status == 400  # noqa: PT017 - which refusal it is depends on what was drawn
            assert ((self._instances(), self._interfaces()), self.wall.app.revision()) == (before, revision)
            return {}

    @invariant()
    def states_are_what_was_asked(self) -> None:
        """Each instance is where it was sent; only what was terminated is ever forgotten."""
        told = {one["InstanceId"]: one["State"]["Name"] for one in self._instances()}
        assert told.items() <= self.states.items()
        assert {self.states[one] for one in self.states.keys() - told.keys()} <= {"terminated"}

    @invariant()
    def both_sides_agree(self) -> None:
        """Instances and interfaces tell the same attachments; what lives has a primary one, what ended none."""
        seen = {
            (one["InstanceId"], of["NetworkInterfaceId"], of["Attachment"]["DeviceIndex"])
            for one in self._instances()
            for of in one["NetworkInterfaces"]
        }
        assert seen == {
            (one["Attachment"]["InstanceId"], one["NetworkInterfaceId"], one["Attachment"]["DeviceIndex"])
            for one in self._interfaces()
            if "Attachment" in one
        }
        alive = {one for one, state in self.states.items() if state != "terminated"}
        assert {instance for instance, _, device in seen if device == 0} == alive
        assert {instance for instance, _, _ in seen} == alive


TestInstances = Instances.TestCase
TestInstances.settings = settings(
    max_examples=40, stateful_step_count=40, deadline=None, derandomize=True, print_blob=True,
    suppress_health_check=list(HealthCheck),
)  # fmt: skip
