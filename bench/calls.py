"""boto3 calls inside one process, a program of its own: ``python -m bench.calls floor|groupwall|moto``.

It reads how many pairs of calls to make, one number on each line, and answers each line with the seconds that the
revokes took, as a JSON list. ``floor`` is botocore with an answer made beforehand, ``groupwall`` is our ``local()``,
``moto`` is ``mock_aws``. Each lives in a process of its own, since moto changes botocore for the whole of one.
"""

from __future__ import annotations

import contextlib
import gc
import importlib
import json
import os
import sys
import time
from collections.abc import Callable
from typing import Any

import boto3
from botocore.awsrequest import AWSResponse

REGION = "us-east-1"
RULE = [{"IpProtocol": "tcp", "FromPort": 443, "ToPort": 443, "IpRanges": [{"CidrIp": "192.0.2.0/24"}]}]
CANNED = {"Return": True, "GroupId": "sg-01234567890abcdef", "ResponseMetadata": {"HTTPStatusCode": 200}}


def _floor() -> contextlib.AbstractContextManager[object]:
    return contextlib.nullcontext()


def _canned(**_: object) -> tuple[AWSResponse, dict[str, Any]]:
    return AWSResponse("", 200, {}, None), dict(CANNED)


def _in(module: str, name: str) -> Callable[[], contextlib.AbstractContextManager[object]]:
    """Return a way that is loaded when it is asked for: the other ones are not, and may not be there."""

    def way() -> contextlib.AbstractContextManager[object]:
        answered: contextlib.AbstractContextManager[object] = getattr(importlib.import_module(module), name)()
        return answered

    return way


WAYS = {"floor": _floor, "groupwall": _in("groupwall", "local"), "moto": _in("moto", "mock_aws")}


def revokes(ec2: Any, group_id: str, count: int) -> list[float]:  # noqa: ANN401 - a boto3 client
    """Authorize a rule and revoke it so often; return the seconds of each revoke."""
    times = []
    for _ in range(count):
        ec2.authorize_security_group_ingress(GroupId=group_id, IpPermissions=RULE)
        start = time.perf_counter()
        ec2.revoke_security_group_ingress(GroupId=group_id, IpPermissions=RULE)
        times.append(time.perf_counter() - start)
    return times


def main() -> None:
    """Answer the lines on standard input in the way that the argument names."""
    way = sys.argv[1]
    os.environ.update(AWS_ACCESS_KEY_ID="testing", AWS_SECRET_ACCESS_KEY="testing", AWS_DEFAULT_REGION=REGION)  # noqa: S106
    with WAYS[way]():
        ec2 = boto3.client("ec2", region_name=REGION)
        if way == "floor":
            ec2.meta.events.register("before-call.ec2", _canned)
        group_id = ec2.create_security_group(GroupName="bench", Description="bench")["GroupId"]
        gc.collect()
        for line in sys.stdin:
            print(json.dumps(revokes(ec2, group_id, int(line))), flush=True)


if __name__ == "__main__":
    main()
