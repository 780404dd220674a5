"""The reference's cases against a real server: cases.json, by run_cases.py, but for those that later.json lists."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.conformance.run_cases import Endpoint, Runner
from tests.serving import serving

FOLDER = Path(__file__).parent
CASES: dict[str, dict[str, Any]] = {case["id"]: case for case in json.loads((FOLDER / "cases.json").read_text("utf-8"))}
# Cases that need what is not built yet: id and what they need.
LATER: dict[str, str] = json.loads((FOLDER / "later.json").read_text("utf-8"))
REGION = "us-east-1"
# With auth=open a 12-digit access key id is the account.
EMPTY_ACCOUNT = "111122223333"


@pytest.fixture(scope="module")
def runner() -> Iterator[Runner]:
    """Run cases against a server in which one account has lost its default VPC."""
    with pytest.MonkeyPatch.context() as environment, serving("--data", ":memory:") as url:
        for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
            environment.setenv(name, "example")
        environment.delenv("AWS_SESSION_TOKEN", raising=False)
        environment.setenv("AWS_EC2_METADATA_DISABLED", "true")
        environment.setenv("GW_EMPTY_ACCESS_KEY", EMPTY_ACCOUNT)
        environment.setenv("GW_EMPTY_SECRET_KEY", "example")
        _remove_default_vpc(Endpoint(url, REGION, EMPTY_ACCOUNT, "example").ec2)
        yield Runner(url, REGION)


def _remove_default_vpc(ec2: Any) -> None:  # noqa: ANN401 - boto3 makes its clients' types at run time
    for subnet in ec2.describe_subnets()["Subnets"]:
        ec2.delete_subnet(SubnetId=subnet["SubnetId"])
    for vpc in ec2.describe_vpcs()["Vpcs"]:
        ec2.delete_vpc(VpcId=vpc["VpcId"])


@pytest.mark.parametrize("case", [pytest.param(case, id=name) for name, case in CASES.items() if name not in LATER])
def test_case(runner: Runner, case: dict[str, Any]) -> None:
    """The server answers as the case expects and nothing is left behind [its provenance]."""
    verdict, reason, left_behind = runner.run(case)
    assert verdict == "passed", reason
    assert left_behind == []


@pytest.mark.parametrize("name", LATER)
def test_later_is_not_now(runner: Runner, name: str) -> None:
    """A case that is listed for later does not pass yet, so the list is never longer than the truth (inferred)."""
    verdict, _, _ = runner.run(CASES[name])
    assert verdict != "passed", f"{name} passes: take it out of later.json"


def test_later_gives_reasons() -> None:
    """Every case listed for later exists and says what it needs (inferred)."""
    assert {name: why for name, why in LATER.items() if name not in CASES or not why.startswith("needs ")} == {}
