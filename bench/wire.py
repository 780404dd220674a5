"""Signed requests as bytes, made once and sent often, and a plain client for the few that are made by the way."""

from __future__ import annotations

import http.client
import re
from typing import NamedTuple
from urllib.parse import urlencode

from groupwall.units import SystemClock
from groupwall.wire.message import Request
from groupwall.wire.sigv4 import Credentials, sign

REGION = "us-east-1"
VERSION = "2016-11-15"


class Site(NamedTuple):
    """Where a server listens, and whose signature it takes."""

    host: str
    port: int
    credentials: Credentials


def signed(site: Site, **members: str) -> Request:
    """Return an EC2 request with a signature that is good for 15 minutes."""
    body = urlencode({"Version": VERSION, **members}).encode()
    headers = (
        ("host", f"{site.host}:{site.port}"),
        ("content-type", "application/x-www-form-urlencoded; charset=utf-8"),
        ("content-length", str(len(body))),
    )
    request = Request("POST", "/", "", headers, body)
    return sign(request, site.credentials, REGION, "ec2", SystemClock().now())


def as_bytes(request: Request) -> bytes:
    """Return a request as it goes over the wire."""
    head = "".join(f"{name}: {value}\r\n" for name, value in request.headers)
    return f"{request.method} {request.path} HTTP/1.1\r\n{head}\r\n".encode() + request.body


def ask(site: Site, **members: str) -> str:
    """Make one request and return the reply's body. AssertionError when it is refused."""
    request = signed(site, **members)
    connection = http.client.HTTPConnection(site.host, site.port, timeout=30)
    try:
        connection.request(request.method, request.path, request.body, dict(request.headers))
        reply = connection.getresponse()
        body = reply.read().decode()
    finally:
        connection.close()
    assert reply.status == http.client.OK, body
    return body


def create_group(site: Site, name: str) -> str:
    """Create a group in the default VPC; return its id."""
    body = ask(site, Action="CreateSecurityGroup", GroupName=name, GroupDescription="bench")
    found = re.search("<groupId>(sg-[0-9a-f]+)</groupId>", body)
    assert found, body
    return found[1]


def pair(site: Site, group_id: str, cidr: str = "198.51.100.0/24") -> list[bytes]:
    """Return an authorize and the revoke that takes it back: one rule by its properties."""
    rule = {
        "GroupId": group_id,
        "IpPermissions.1.IpProtocol": "tcp",
        "IpPermissions.1.FromPort": "8443",
        "IpPermissions.1.ToPort": "8443",
        "IpPermissions.1.IpRanges.1.CidrIp": cidr,
    }
    actions = ("AuthorizeSecurityGroupIngress", "RevokeSecurityGroupIngress")
    return [as_bytes(signed(site, Action=action, **rule)) for action in actions]
