"""boto3 sessions that know the service ``groupwall``, whose model ships in the package."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import boto3
import botocore.session

MODELS = Path(__file__).parent.parent / "models"


def session(**options: Any) -> boto3.Session:  # noqa: ANN401 - boto3's own
    """Return a boto3 session that finds our model too; options as ``boto3.Session`` takes them."""
    core = botocore.session.Session()
    core.get_component("data_loader").search_paths.append(str(MODELS))
    return boto3.Session(botocore_session=core, **options)


def client(**options: Any) -> Any:  # noqa: ANN401 - a boto3 client has no type
    """Return a boto3 client of groupwall's own operations; options as ``boto3.client`` takes them.

    It asks ``endpoint_url``, else AWS_ENDPOINT_URL_GROUPWALL, else the port of this machine where ``groupwall serve``
    listens by default; inside ``local()`` it asks the wall.
    """
    return session().client("groupwall", **options)
