"""boto3 sessions that know the service ``groupwall``, whose model ships in the package."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import boto3
import botocore.session

from groupwall.config import DEFAULT_REGION
from groupwall.inprocess.environment import ACCESS_KEY_ID, configured_region, has_credentials

MODELS = Path(__file__).parent.parent / "models"


def core() -> botocore.session.Session:
    """Return a botocore session that finds our model too."""
    made = botocore.session.Session()
    made.get_component("data_loader").search_paths.append(str(MODELS))
    return made


def session(**options: Any) -> boto3.Session:  # noqa: ANN401 - boto3's own
    """Return a boto3 session that finds our model too; options as ``boto3.Session`` takes them."""
    return boto3.Session(botocore_session=core(), **options)


def client(**options: Any) -> Any:  # noqa: ANN401 - a boto3 client has no type
    """Return a boto3 client of groupwall's own operations; options as ``boto3.client`` takes them.

    It asks ``endpoint_url``, else AWS_ENDPOINT_URL_GROUPWALL, else the port of this machine where ``groupwall serve``
    listens by default; inside ``local()`` it asks the wall. Where no credentials or no region are configured, some
    stand in that ``groupwall serve`` believes unless it verifies signatures.
    """
    standing_in = {}
    if not configured_region():
        standing_in["region_name"] = DEFAULT_REGION
    if not has_credentials():
        standing_in |= {"aws_access_key_id": ACCESS_KEY_ID, "aws_secret_access_key": ACCESS_KEY_ID}
    return session(**standing_in).client("groupwall", **options)
