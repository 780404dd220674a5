"""The reference's cases, all of them, against a real server that asks policies; by run_cases.py."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.conformance.run_cases import Endpoint, Runner
from tests.programs import make_key
from tests.serving import serving

FOLDER = Path(__file__).parent
CASES: list[dict[str, Any]] = json.loads((FOLDER / "cases.json").read_text("utf-8"))
REGION = "us-east-1"
ACCOUNT, EMPTY_ACCOUNT = "123456789012", "111122223333"
EVERYTHING = {"Version": "2012-10-17", "Statement": {"Effect": "Allow", "Action": "*", "Resource": "*"}}


@pytest.fixture(scope="module")
def runner(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Runner]:
    """Run cases as a user whose policy allows everything; one has none, and one account has lost its default VPC."""
    folder = tmp_path_factory.mktemp("cases")
    store, policy = folder / "store", folder / "everything.json"
    policy.write_text(json.dumps(EVERYTHING))
    tester = make_key(store, "--account", ACCOUNT, "--user", "tester", "--policy", str(policy))
    denied = make_key(store, "--account", ACCOUNT, "--user", "denied")
    empty = make_key(store, "--account", EMPTY_ACCOUNT)
    with pytest.MonkeyPatch.context() as environment, serving("--auth", "iam", "--data", str(store)) as url:
        for who, key in (("AWS", tester), ("GW_DENIED", denied), ("GW_EMPTY", empty)):
            suffix = "_ID" if who == "AWS" else ""
            environment.setenv(f"{who}_ACCESS_KEY{suffix}", key.access_key_id)
            environment.setenv(f"{who}_SECRET_{'ACCESS_' if suffix else ''}KEY", key.secret)
        environment.delenv("AWS_SESSION_TOKEN", raising=False)
        environment.setenv("AWS_EC2_METADATA_DISABLED", "true")
        _remove_default_vpc(Endpoint(url, REGION, empty.access_key_id, empty.secret).ec2)
        yield Runner(url, REGION)


def _remove_default_vpc(ec2: Any) -> None:  # noqa: ANN401 - boto3 makes its clients' types at run time
    for subnet in ec2.describe_subnets()["Subnets"]:
        ec2.delete_subnet(SubnetId=subnet["SubnetId"])
    for vpc in ec2.describe_vpcs()["Vpcs"]:
        ec2.delete_vpc(VpcId=vpc["VpcId"])


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["id"])
def test_case(runner: Runner, case: dict[str, Any]) -> None:
    """The server answers as the case expects and nothing is left behind [its provenance]."""
    verdict, reason, left_behind = runner.run(case)
    assert verdict == "passed", reason
    assert left_behind == []
