"""The demo's second act: what a revoke would cut, what still lets it in, the minimal cut, its receipt, and undo."""

from __future__ import annotations

from typing import NamedTuple

from groupwall.commands.demo_stage import Answer, Stage
from groupwall.commands.demo_steps import OFFICE, Seen, Step, tcp

SSH = 22


class Scene(NamedTuple):
    """A server in two groups: web admits SSH from the office, and so does an old rule of legacy, among other ports."""

    server: str
    web: str
    legacy: str


class Act:
    """The act: its scene, and what one step leaves for the next."""

    def __init__(self) -> None:
        self._scene: Scene | None = None
        self._plan: Answer = {}
        self._before: list[Answer] = []
        self._revision = 0

    def preview(self, stage: Stage) -> Seen:
        """Preview the revoke of the rule that everybody knows of."""
        scene = self._set(stage)
        self._before = _rules(stage, scene)
        told = stage.ask(stage.clients.history, "preview_revoke", GroupId=scene.web, IpPermissions=[tcp(SSH, OFFICE)])
        cut = [line["Text"] for gate in told["Gates"] for line in gate["Cut"]]
        still = [rule for gate in told["Gates"] for one in gate["StillOpen"] for rule in one["Rules"]]
        by = ", ".join(f"{rule['Text']} of {rule['GroupName']}" for rule in still)
        unchanged = self._before == _rules(stage, scene)
        seen = f"cut: {', '.join(cut) or 'nothing'}; still open by {by}"
        return Seen(not cut and len(still) == 1 and unchanged, seen)

    def plan(self, stage: Stage) -> Seen:
        """Plan how to keep SSH from the office out, with nothing else lost."""
        scene = self._set(stage)
        asked = {"From": OFFICE, "To": scene.server, "Protocol": "tcp", "FromPort": SSH, "ToPort": SSH}
        self._plan = stage.ask(stage.clients.history, "plan_cut", **asked)
        return Seen(bool(self._plan["Steps"]) and not self._plan["OtherTrafficCut"], self._plan["Text"])

    def apply(self, stage: Stage) -> Seen:
        """Apply the plan as one change."""
        scene = self._set(stage)
        before = _verdict(stage, scene)
        done = stage.ask(stage.clients.history, "apply_changes", Calls=self._plan["Calls"])
        self._revision = done.get("Revision", 0)
        others = _verdict(stage, scene, port=SSH + 1)
        after = _verdict(stage, scene)
        ok = (before, after, others) == ("accept", "drop", "accept")
        return Seen(ok, f"revision {self._revision}: SSH {before} before, {after} after; port {SSH + 1} {others}")

    def receipt(self, stage: Stage) -> Seen:
        """Ask what the change cut, from the history alone."""
        told = stage.ask(stage.clients.history, "describe_receipt", Revision=self._revision)
        cut = [line["Text"] for gate in told["Gates"] for line in gate["Cut"]]
        return Seen(cut == [f"tcp {SSH} {OFFICE}"], f"cut: {', '.join(cut)}")

    def undo(self, stage: Stage) -> Seen:
        """Undo the change."""
        scene = self._set(stage)
        stage.ask(stage.clients.history, "undo_change", Revision=self._revision)
        after = _rules(stage, scene)
        same = after == self._before
        return Seen(
            same and _verdict(stage, scene) == "accept",
            f"{len(after)} rules, {'each with its id and description as before' if same else 'NOT as before'}",
        )

    def _set(self, stage: Stage) -> Scene:
        if self._scene is None:
            web = stage.group(tcp(SSH, OFFICE, description="admins"), name="web")
            legacy = stage.group(tcp(20, OFFICE, description="ftp and more", last=25), name="legacy")
            subnet = stage.ec2("describe_subnets")["Subnets"][0]["SubnetId"]
            made = stage.ec2("create_network_interface", SubnetId=subnet, Groups=[web, legacy], Description="server")
            self._scene = Scene(made["NetworkInterface"]["NetworkInterfaceId"], web, legacy)
        return self._scene


def _rules(stage: Stage, scene: Scene) -> list[Answer]:
    return [rule for group in (scene.web, scene.legacy) for rule in stage.rules(group)]


def _verdict(stage: Stage, scene: Scene, port: int = SSH) -> str:
    asked = {"From": OFFICE, "To": scene.server, "Protocol": "tcp", "FromPort": port, "ToPort": port}
    return str(stage.ask(stage.clients.history, "explain_flow", **asked).get("Verdict"))


def foresight() -> tuple[Step, ...]:
    """Return the steps of the act, which play in one scene and follow from each other."""
    act = Act()
    return (
        Step("preview", "a revoke that looks right is told to cut nothing: another rule still lets it in", act.preview),
        Step("minimal cut", "the calls that keep it out, and lose nothing else", act.plan),
        Step("one change", "all of the calls or none; SSH is out, the port beside it is not", act.apply),
        Step("receipt", "what the change cut is told from the history", act.receipt),
        Step("undo", "the same rules with the same ids are back, and the traffic with them", act.undo),
    )
