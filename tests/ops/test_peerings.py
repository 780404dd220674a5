"""VPC peering connections: asked for, answered, ended, seen by both sides [reference 16]."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from groupwall.config import Quotas
from tests.driver import NOW, Wall
from tests.law import breaches
from tests.scenes import Json, create_vpc, default_vpc, peer_vpcs, refusal

OTHER, WEST = "111122223333", "us-west-2"
WEEK = timedelta(days=7)
FAILURE = "Failed due to incorrect VPC-ID, Account ID, or overlapping CIDR range"
NO_OPTIONS = {
    "AllowDnsResolutionFromRemoteVpc": False,
    "AllowEgressFromLocalClassicLinkToRemoteVpc": False,
    "AllowEgressFromLocalVpcToRemoteClassicLink": False,
}
PLACES = {"one world": {}, "two accounts": {"account": OTHER}, "two regions": {"region": WEST}}


class Pair:
    """Two VPCs, each as its own world sees it, and a request of the first to the second."""

    def __init__(self, mine: Wall, theirs: Wall) -> None:
        self.mine, self.theirs = mine, theirs
        self.vpc, self.peer = create_vpc(mine, "10.0.0.0/16"), create_vpc(theirs, "10.1.0.0/16")
        self.made = self.ask()
        self.pcx: str = self.made["VpcPeeringConnectionId"]

    def ask(self, **more: Any) -> Json:  # noqa: ANN401 - as boto3 gives them
        """Ask for a peering of the two."""
        where = {"PeerOwnerId": self.theirs.account, "PeerRegion": self.theirs.region}
        params = {"VpcId": self.vpc, "PeerVpcId": self.peer, **where, **more}
        made: Json = self.mine.call("CreateVpcPeeringConnection", **params)["VpcPeeringConnection"]
        return made

    def do(self, wall: Wall, verb: str) -> Json:
        """Accept, Reject or Delete the request."""
        return wall.call(f"{verb}VpcPeeringConnection", VpcPeeringConnectionId=self.pcx)

    def refused(self, wall: Wall, verb: str) -> str:
        """Return how that is refused, without the id."""
        told = refusal(wall, f"{verb}VpcPeeringConnection", VpcPeeringConnectionId=self.pcx)
        return told.replace(self.pcx, "pcx")

    def status(self, wall: Wall | None = None) -> tuple[str, str]:
        """Return the status and its message."""
        status = seen(wall or self.mine, self.pcx)["Status"]
        return status["Code"], status["Message"]


def seen(wall: Wall, peering_id: str) -> Json:
    """Return a peering as a world sees it."""
    found = wall.call("DescribeVpcPeeringConnections", VpcPeeringConnectionIds=[peering_id])
    peering: Json = found["VpcPeeringConnections"][0]
    return peering


@pytest.fixture(params=PLACES)
def pair(request: pytest.FixtureRequest, wall: Wall, tmp_path: Path) -> Iterator[Pair]:
    """A request within a world, to another account, and to another Region; the law holds when the test is over."""
    yield Pair(wall, wall.elsewhere(**PLACES[request.param]))
    wall.copy_to(tmp_path)
    assert breaches(tmp_path) == []


@pytest.fixture
def accounts(wall: Wall) -> Pair:
    """A request to another account."""
    return Pair(wall, wall.elsewhere(OTHER))


def _side(wall: Wall, vpc_id: str, cidr: str | None) -> Json:
    shown: Json = {"OwnerId": wall.account, "VpcId": vpc_id, "Region": wall.region}
    if cidr:
        shown |= {"CidrBlock": cidr, "CidrBlockSet": [{"CidrBlock": cidr}], "PeeringOptions": NO_OPTIONS}
    return shown


@pytest.mark.reference("16 VPC peering", "clients 2.21 pending")
def test_what_is_shown_of_each_state(pair: Pair) -> None:
    """Asked for, the accepter's blocks are not told; once active, both sides are [reference 16, recorded]."""
    expires = seen(pair.mine, pair.pcx)["ExpirationTime"]
    mine, theirs = _side(pair.mine, pair.vpc, "10.0.0.0/16"), _side(pair.theirs, pair.peer, "10.1.0.0/16")
    asked = {
        "VpcPeeringConnectionId": pair.pcx, "RequesterVpcInfo": mine, "ExpirationTime": expires, "Tags": [],
        "AccepterVpcInfo": _side(pair.theirs, pair.peer, None),
    }  # fmt: skip
    account = pair.theirs.account
    assert pair.made == asked | {
        "Status": {"Code": "initiating-request", "Message": f"Initiating Request to {account}"}
    }
    pending = {"Status": {"Code": "pending-acceptance", "Message": f"Pending Acceptance by {account}"}}
    assert seen(pair.mine, pair.pcx) == seen(pair.theirs, pair.pcx) == asked | pending
    active = {"VpcPeeringConnectionId": pair.pcx, "RequesterVpcInfo": mine, "AccepterVpcInfo": theirs, "Tags": []}
    reply = pair.do(pair.theirs, "Accept")["VpcPeeringConnection"]
    assert reply == active | {"Status": {"Code": "provisioning", "Message": "Provisioning"}}
    told = active | {"Status": {"Code": "active", "Message": "Active"}}
    assert seen(pair.mine, pair.pcx) == seen(pair.theirs, pair.pcx) == told


def test_a_request_expires(pair: Pair) -> None:
    """After seven days, to the moment that was told, nobody can answer or withdraw a request [reference 16, docs]."""
    told = seen(pair.mine, pair.pcx)["ExpirationTime"]
    assert told.timestamp() * 1000 == NOW + WEEK / timedelta(milliseconds=1)
    pair.mine.clock.advance(WEEK - timedelta(milliseconds=1))
    assert pair.status()[0] == "pending-acceptance"
    pair.mine.clock.advance(timedelta(milliseconds=1))
    assert pair.status()[0] == pair.status(pair.theirs)[0] == "expired"
    assert "ExpirationTime" not in seen(pair.mine, pair.pcx)
    told = "InvalidStateTransition: Invalid state transition for pcx, attempted to transition from expired to "
    for wall, verb, wanted in (
        (pair.theirs, "Accept", "provisioning"), (pair.theirs, "Reject", "rejected"), (pair.mine, "Delete", "deleting"),
    ):  # fmt: skip
        assert pair.refused(wall, verb) == f"{told}{wanted}"


@pytest.mark.parametrize("by", ["mine", "theirs"])
def test_either_side_deletes_an_active_one(pair: Pair, by: str) -> None:
    """Whoever deletes an active connection is told to both [model; the text is parity: moto]."""
    pair.do(pair.theirs, "Accept")
    wall: Wall = getattr(pair, by)
    assert pair.do(wall, "Delete") == {"Return": True}
    assert pair.status(pair.mine) == pair.status(pair.theirs) == ("deleted", f"Deleted by {wall.account}")
    assert seen(pair.mine, pair.pcx)["AccepterVpcInfo"] == _side(pair.theirs, pair.peer, None)


def test_a_rejected_request(pair: Pair) -> None:
    """A rejected request stays rejected; a new one may be made [model]."""
    assert pair.do(pair.theirs, "Reject") == {"Return": True}
    assert pair.status() == ("rejected", "Inactive")
    told = "InvalidStateTransition: Invalid state transition for pcx, attempted to transition from rejected to "
    assert pair.refused(pair.mine, "Delete") == f"{told}deleting"
    assert pair.refused(pair.theirs, "Accept") == f"{told}provisioning"
    assert pair.ask()["VpcPeeringConnectionId"] != pair.pcx


def test_only_the_accepter_answers(accounts: Pair) -> None:
    """The requester neither accepts nor rejects, and the accepter does not withdraw [reference 16, docs; issue]."""
    for wall, verb in ((accounts.mine, "accept"), (accounts.mine, "reject"), (accounts.theirs, "delete")):
        told = f"OperationNotPermitted: User {wall.account} cannot {verb} peering pcx"
        assert accounts.refused(wall, verb.title()) == told
    assert accounts.status()[0] == "pending-acceptance"
    assert accounts.do(accounts.mine, "Delete") == {"Return": True}


def test_only_where_the_accepter_is(wall: Wall) -> None:
    """A request to another Region is answered there [model]."""
    pair = Pair(wall, wall.elsewhere(region=WEST))
    for verb in ("accept", "reject"):
        told = "OperationNotPermitted: Incorrect region (us-east-1) specified for this request. "
        told += f"VPC peering connection pcx must be {verb}ed in region {WEST}"
        assert pair.refused(wall, verb.title()) == told
    assert pair.do(pair.theirs, "Delete") == {"Return": True}


@pytest.mark.parametrize("verb", ["Accept", "Reject", "Delete"])
@pytest.mark.reference("3.3 peering unknown")
def test_unknown_to_others(accounts: Pair, verb: str) -> None:
    """A connection is its two sides' alone; an id may be malformed [reference 3.3]."""
    unknown = "InvalidVpcPeeringConnectionID.NotFound: The vpcPeeringConnection ID 'pcx' does not exist"
    for wall in (accounts.mine.elsewhere("444455556666"), accounts.mine.elsewhere(region=WEST)):
        assert accounts.refused(wall, verb) == unknown
        assert wall.call("DescribeVpcPeeringConnections") == {"VpcPeeringConnections": []}
    told = refusal(accounts.mine, f"{verb}VpcPeeringConnection", VpcPeeringConnectionId="vpc-00000000")
    assert told == 'InvalidVpcPeeringConnectionId.Malformed: Invalid id: "vpc-00000000" (expecting "pcx-...")'


@pytest.mark.parametrize(
    ("more", "expected"),
    [
        ({"VpcId": "vpc-00000000"}, "InvalidVpcID.NotFound: The vpc ID 'vpc-00000000' does not exist"),
        ({"PeerVpcId": "vpc-00000000"}, "InvalidVpcID.NotFound: The vpc ID 'vpc-00000000' does not exist"),
        ({"PeerVpcId": None}, "MissingParameter: The request must contain the parameter peerVpcId"),
        ({"PeerVpcId": "x"}, 'InvalidVpcId.Malformed: Invalid id: "x" (expecting "vpc-...")'),
        ({"PeerOwnerId": "1234"}, "InvalidParameterValue: Value (1234) for parameter peerOwnerId is invalid."),
        ({"PeerRegion": "nowhere"}, "InvalidParameterValue: Value (nowhere) for parameter peerRegion is invalid."),
        (
            {"PeerRegion": "cn-north-1"},
            "InvalidParameterValue: Value (cn-north-1) for parameter peerRegion is invalid.",
        ),
        ({"PeerRegion": WEST}, "InvalidVpcID.NotFound: The vpc ID '{peer}' does not exist"),
    ],
)
def test_refused_requests(wall: Wall, more: Json, expected: str) -> None:
    """What cannot be asked for is refused, and nothing is kept of it (inferred: texts)."""
    vpc, peer = create_vpc(wall), create_vpc(wall, "10.1.0.0/16")
    params = {"VpcId": vpc, "PeerVpcId": peer} | more
    assert refusal(wall, "CreateVpcPeeringConnection", **params) == expected.format(peer=peer)
    assert wall.call("DescribeVpcPeeringConnections") == {"VpcPeeringConnections": []}


@pytest.mark.parametrize("case", ["overlap", "itself", "no VPC of that account", "no such account"])
def test_requests_that_fail(wall: Wall, case: str) -> None:
    """Overlapping blocks [model], or a VPC that another account has not [issue]: the request fails, told to one."""
    other = wall.elsewhere(OTHER)
    vpc, peer = create_vpc(wall, "10.0.0.0/16"), create_vpc(other, "10.0.128.0/20")
    params: Json = {"VpcId": vpc, "PeerVpcId": peer, "PeerOwnerId": OTHER}
    if case == "itself":
        params = {"VpcId": vpc, "PeerVpcId": vpc}
    elif case != "overlap":
        params |= {"PeerVpcId": "vpc-00000000", "PeerOwnerId": OTHER if case.startswith("no VPC") else "444455556666"}
    made = wall.call("CreateVpcPeeringConnection", **params)["VpcPeeringConnection"]
    assert made["Status"]["Code"] == "initiating-request"
    pcx = made["VpcPeeringConnectionId"]
    assert seen(wall, pcx)["Status"] == {"Code": "failed", "Message": FAILURE}
    assert other.call("DescribeVpcPeeringConnections") == {"VpcPeeringConnections": []}
    told = f"Invalid state transition for {pcx}, attempted to transition from failed to deleting"
    assert refusal(wall, "DeleteVpcPeeringConnection", VpcPeeringConnectionId=pcx) == f"InvalidStateTransition: {told}"


@pytest.mark.parametrize("by", ["mine", "theirs"])
def test_an_overlap_since_the_request(pair: Pair, by: str) -> None:
    """Blocks that either side added since, and that overlap, keep a request from being accepted (inferred)."""
    wall, vpc, cidr = (pair.mine, pair.vpc, "10.1.0.0/20") if by == "mine" else (pair.theirs, pair.peer, "10.0.0.0/20")
    made = wall.call("AssociateVpcCidrBlock", VpcId=vpc, CidrBlock=cidr)["CidrBlockAssociation"]
    before = pair.mine.app.revision()
    told = (
        "InvalidStateTransition: Invalid state transition for pcx, attempted to transition from failed to provisioning"
    )
    assert pair.refused(pair.theirs, "Accept") == told
    assert (pair.status()[0], pair.mine.app.revision()) == ("pending-acceptance", before)
    wall.call("DisassociateVpcCidrBlock", AssociationId=made["AssociationId"])
    pair.do(pair.theirs, "Accept")


def test_the_default_vpc_of_a_world_that_has_not_begun(wall: Wall) -> None:
    """What its owner is shown can be peered with before anything was changed there: docs/decisions/0004."""
    other = wall.elsewhere(OTHER)
    theirs = default_vpc(other)
    for cidr, status in (("10.0.0.0/16", "pending-acceptance"), ("172.31.0.0/20", "failed")):
        made = wall.call(
            "CreateVpcPeeringConnection", VpcId=create_vpc(wall, cidr), PeerVpcId=theirs, PeerOwnerId=OTHER
        )["VpcPeeringConnection"]
        assert seen(wall, made["VpcPeeringConnectionId"])["Status"]["Code"] == status
    (asked,) = other.call("DescribeVpcPeeringConnections")["VpcPeeringConnections"]
    other.call("AcceptVpcPeeringConnection", VpcPeeringConnectionId=asked["VpcPeeringConnectionId"])
    assert seen(wall, asked["VpcPeeringConnectionId"])["AccepterVpcInfo"]["CidrBlock"] == "172.31.0.0/16"


@pytest.mark.parametrize("state", ["pending", "active", "expired", "deleted"])
@pytest.mark.parametrize("turned", [False, True])
def test_one_peering_of_two_vpcs(wall: Wall, state: str, turned: bool) -> None:  # noqa: FBT001 - a table's column
    """Two VPCs have one connection that is asked for or active, whoever asks [reference 16, docs]."""
    pair = Pair(wall, wall)
    if state in ("active", "deleted"):
        pair.do(wall, "Accept")
    if state == "deleted":
        pair.do(wall, "Delete")
    if state == "expired":
        wall.clock.advance(WEEK)
    ends = {"VpcId": pair.peer, "PeerVpcId": pair.vpc} if turned else {}
    if state in ("pending", "active"):
        told = f"The vpc peering connection identified by {pair.pcx} already exists."
        params = {"VpcId": pair.vpc, "PeerVpcId": pair.peer} | ends
        assert refusal(wall, "CreateVpcPeeringConnection", **params) == f"VpcPeeringConnectionAlreadyExists: {told}"
    else:
        assert pair.ask(**ends)["VpcPeeringConnectionId"] != pair.pcx


@pytest.mark.reference("21 peerings")
def test_quotas() -> None:
    """A VPC has so many active connections, whichever side it is, and so many requests [reference 21, docs]."""
    with Wall(quotas=Quotas(peerings_per_vpc=1, peering_requests_per_vpc=2)) as wall:
        hub, *spokes = (create_vpc(wall, f"10.{number}.0.0/16") for number in range(5))
        first = peer_vpcs(wall, hub, spokes[0])
        told = "ActiveVpcPeeringConnectionPerVpcLimitExceeded: "
        assert refusal(wall, "CreateVpcPeeringConnection", VpcId=hub, PeerVpcId=spokes[1]).startswith(told)
        made = wall.call("CreateVpcPeeringConnection", VpcId=spokes[1], PeerVpcId=hub)["VpcPeeringConnection"]
        waiting = {"VpcPeeringConnectionId": made["VpcPeeringConnectionId"]}
        assert refusal(wall, "AcceptVpcPeeringConnection", **waiting).startswith(told)
        wall.call("DeleteVpcPeeringConnection", VpcPeeringConnectionId=first)
        for spoke in spokes[2:]:
            wall.call("CreateVpcPeeringConnection", VpcId=hub, PeerVpcId=spoke)
        told = "OutstandingVpcPeeringConnectionLimitExceeded: "
        assert refusal(wall, "CreateVpcPeeringConnection", VpcId=hub, PeerVpcId=spokes[0]).startswith(told)
        wall.call("AcceptVpcPeeringConnection", **waiting)


@pytest.mark.reference("21 peerings")
def test_the_quota_counts_what_the_other_account_cannot_see() -> None:
    """A request is not accepted beyond the requester's quota, which connections to a third use up [reference 21]."""
    with Wall(quotas=Quotas(peerings_per_vpc=1)) as wall:
        vpc, far = create_vpc(wall), create_vpc(wall, "10.2.0.0/16")
        theirs = wall.elsewhere(OTHER)
        where = {"PeerVpcId": create_vpc(theirs, "10.1.0.0/16"), "PeerOwnerId": OTHER}
        made = wall.call("CreateVpcPeeringConnection", VpcId=vpc, **where)["VpcPeeringConnection"]
        peer_vpcs(wall, vpc, far)
        waiting = {"VpcPeeringConnectionId": made["VpcPeeringConnectionId"]}
        told = "ActiveVpcPeeringConnectionPerVpcLimitExceeded: "
        assert refusal(theirs, "AcceptVpcPeeringConnection", **waiting).startswith(told)


def test_a_deleted_vpc_ends_its_peerings(pair: Pair) -> None:
    """What is asked for or active of a VPC that is deleted is deleted with it (inferred)."""
    third = create_vpc(pair.mine, "10.7.0.0/16")
    asked = pair.mine.call("CreateVpcPeeringConnection", VpcId=third, PeerVpcId=pair.vpc)["VpcPeeringConnection"]
    pair.do(pair.theirs, "Accept")
    pair.theirs.call("DeleteVpc", VpcId=pair.peer)
    assert pair.status() == ("deleted", f"Deleted by {pair.theirs.account}")
    pair.mine.call("DeleteVpc", VpcId=pair.vpc)
    assert seen(pair.mine, asked["VpcPeeringConnectionId"])["Status"]["Code"] == "deleted"


def test_tags_are_each_sides_own(accounts: Pair) -> None:
    """Each side tags the connection for itself: the other sees nothing of it [docs: each account tags its own]."""
    accounts.do(accounts.mine, "Delete")
    specification = [{"ResourceType": "vpc-peering-connection", "Tags": [{"Key": "side", "Value": "mine"}]}]
    pcx = accounts.ask(TagSpecifications=specification)["VpcPeeringConnectionId"]
    accounts.theirs.call("CreateTags", Resources=[pcx], Tags=[{"Key": "side", "Value": "theirs"}])
    for wall, value in ((accounts.mine, "mine"), (accounts.theirs, "theirs")):
        assert seen(wall, pcx)["Tags"] == [{"Key": "side", "Value": value}]
        (tag,) = wall.call("DescribeTags")["Tags"]
        assert (tag["ResourceType"], tag["Value"]) == ("vpc-peering-connection", value)
        assert _found(wall, "tag:side", value) == [pcx]
    accounts.mine.call("DeleteTags", Resources=[pcx])
    assert (_found(accounts.mine, "tag-key", "side"), _found(accounts.theirs, "tag-key", "side")) == ([], [pcx])
    told = refusal(accounts.mine.elsewhere("444455556666"), "CreateTags", Resources=[pcx], Tags=[{"Key": "a"}])
    assert told.startswith("InvalidID: ")


def _found(wall: Wall, name: str, *values: str) -> list[str]:
    wanted = [{"Name": name, "Values": list(values)}]
    found = wall.call("DescribeVpcPeeringConnections", Filters=wanted)["VpcPeeringConnections"]
    return [one["VpcPeeringConnectionId"] for one in found]


def test_filters(accounts: Pair) -> None:
    """Every filter finds what is told, from both sides, and only that [model]."""
    mine, theirs, pcx = accounts.mine, accounts.theirs, accounts.pcx
    failed = accounts.ask(PeerVpcId="vpc-00000000")["VpcPeeringConnectionId"]
    expires = seen(mine, pcx)["ExpirationTime"].strftime("%Y-%m-%dT%H:%M:%S.000Z")
    told = {
        "accepter-vpc-info.owner-id": OTHER, "accepter-vpc-info.vpc-id": accounts.peer,
        "requester-vpc-info.owner-id": mine.account, "requester-vpc-info.vpc-id": accounts.vpc,
        "requester-vpc-info.cidr-block": "10.0.0.0/16", "status-code": "pending-acceptance",
        "status-message": f"Pending Acceptance by {OTHER}", "expiration-time": expires,
        "vpc-peering-connection-id": pcx,
    }  # fmt: skip
    for name, value in told.items():
        assert pcx in _found(mine, name, value), name
        assert _found(theirs, name, "x", value[:-1] + "*") == [pcx], name
        assert _found(theirs, name, "x") == [], name
    assert _found(mine, "status-code", "failed", "x*") == [failed]
    assert _found(mine, "accepter-vpc-info.cidr-block", "10.1.0.0/16") == []
    accounts.do(theirs, "Accept")
    assert _found(mine, "accepter-vpc-info.cidr-block", "10.1.0.0/16") == [pcx]
    assert _found(mine, "expiration-time", "*") == []


def test_an_expired_request_is_found_as_such(accounts: Pair) -> None:
    """The filters know the time as the reply does, which tells no more of what has expired (inferred)."""
    assert _found(accounts.theirs, "requester-vpc-info.cidr-block", "10.0.0.0/16") == [accounts.pcx]
    assert _found(accounts.theirs, "expiration-time", "*") == [accounts.pcx]
    accounts.mine.clock.advance(WEEK)
    assert _found(accounts.theirs, "requester-vpc-info.cidr-block", "10.0.0.0/16") == []
    assert _found(accounts.theirs, "expiration-time", "*") == []
    assert _found(accounts.theirs, "status-code", "pending-acceptance") == []
    assert _found(accounts.theirs, "status-code", "active", "exp*") == [accounts.pcx]
    assert _found(accounts.theirs, "status-message", "Expired") == [accounts.pcx]


def test_ids_and_pages(wall: Wall) -> None:
    """Pages follow each other in the order of ids; an unknown id refuses the call [model]."""
    hub = create_vpc(wall, "10.200.0.0/16")
    made = sorted(peer_vpcs(wall, hub, create_vpc(wall, f"10.{number}.0.0/16")) for number in range(7))
    first = wall.call("DescribeVpcPeeringConnections", MaxResults=5)
    second = wall.call("DescribeVpcPeeringConnections", MaxResults=5, NextToken=first["NextToken"])
    pages = [[one["VpcPeeringConnectionId"] for one in page["VpcPeeringConnections"]] for page in (first, second)]
    assert pages == [made[:5], made[5:]]
    assert "NextToken" not in second
    told = refusal(wall, "DescribeVpcPeeringConnections", VpcPeeringConnectionIds=[made[0], "pcx-00000000"])
    assert told.endswith("ID 'pcx-00000000' does not exist")
    told = refusal(wall, "DescribeVpcPeeringConnections", VpcPeeringConnectionIds=["x"])
    assert told.startswith("InvalidVpcPeeringConnectionId.Malformed: ")
    told = refusal(wall, "DescribeVpcPeeringConnections", VpcPeeringConnectionIds=made, MaxResults=5)
    assert told.startswith("InvalidParameterCombination: ")


def _modify(wall: Wall, pcx: str, **sides: Json) -> Json:
    given = {f"{side.title()}PeeringConnectionOptions": options for side, options in sides.items()}
    return wall.call("ModifyVpcPeeringConnectionOptions", VpcPeeringConnectionId=pcx, **given)


def _modify_refused(wall: Wall, pcx: str, **sides: Json) -> str:
    given = {f"{side.title()}PeeringConnectionOptions": options for side, options in sides.items()}
    return refusal(wall, "ModifyVpcPeeringConnectionOptions", VpcPeeringConnectionId=pcx, **given).replace(pcx, "pcx")


DNS = {"AllowDnsResolutionFromRemoteVpc": True}


def test_options_of_both_sides(wall: Wall) -> None:
    """Within one world both sides' options change in one call; what is not given stays [model]."""
    pair = Pair(wall, wall)
    told = "Peering pcx is not active. Peering options can be added only to active peerings."
    assert _modify_refused(wall, pair.pcx, requester=DNS) == f"OperationNotPermitted: {told}"
    pair.do(wall, "Accept")
    on, off = NO_OPTIONS | DNS, NO_OPTIONS
    reply = _modify(wall, pair.pcx, requester=DNS, accepter=DNS)
    assert reply == {"RequesterPeeringConnectionOptions": on, "AccepterPeeringConnectionOptions": on}
    assert _modify(wall, pair.pcx, accepter=off) == {"AccepterPeeringConnectionOptions": off}
    peering = seen(wall, pair.pcx)
    assert [peering[f"{side}VpcInfo"]["PeeringOptions"] for side in ("Requester", "Accepter")] == [on, off]
    assert _modify_refused(wall, pair.pcx).startswith("MissingParameter: ")
    classic = {"AllowEgressFromLocalClassicLinkToRemoteVpc": True}
    assert _modify_refused(wall, pair.pcx, accepter=classic).startswith("UnsupportedOperation: ")


def test_options_of_the_other_side(wall: Wall) -> None:
    """Each side's options are changed by its account, in its Region, and a refused call changes nothing [issue]."""
    for theirs, told in (
        (wall.elsewhere(OTHER), "User {} does not have permission to modify the {} side peering options"),
        (wall.elsewhere(region=WEST), "{1}'s VPC Peering connection options cannot be modified for a different region"),
    ):
        pair = Pair(wall, theirs)
        pair.do(theirs, "Accept")
        for here, side, other in ((wall, "requester", "accepter"), (theirs, "accepter", "requester")):
            refused = _modify_refused(here, pair.pcx, **{side: DNS, other: DNS})
            name = other if told.startswith("User") else other.title()
            assert refused == f"OperationNotPermitted: {told.format(here.account, name)}"
            assert seen(here, pair.pcx)[f"{side.title()}VpcInfo"]["PeeringOptions"] == NO_OPTIONS
            _modify(here, pair.pcx, **{side: DNS})
            assert seen(here, pair.pcx)[f"{side.title()}VpcInfo"]["PeeringOptions"] == NO_OPTIONS | DNS


def test_multipath_resilience(wall: Wall) -> None:
    """Between Regions each side allows it, and accepting allows it too where the requester does [model]."""
    pair = Pair(wall, wall.elsewhere(region=WEST))
    pair.do(wall, "Delete")
    allowed = {"AllowMultipathResilience": True, "MultipathResilienceMode": "always-on"}
    pair.pcx = pair.ask(RequesterPeeringConnectionOptions={"AllowMultipathResilience": True})["VpcPeeringConnectionId"]
    assert seen(wall, pair.pcx)["MultipathResilienceStatus"] == "pending"
    pair.do(pair.theirs, "Accept")
    peering = seen(wall, pair.pcx)
    assert peering["MultipathResilienceStatus"] == "enabled"
    assert peering["AccepterVpcInfo"]["PeeringOptions"] == NO_OPTIONS | allowed
    _modify(pair.theirs, pair.pcx, accepter={"AllowMultipathResilience": False})
    assert seen(wall, pair.pcx)["MultipathResilienceStatus"] == "pending"
    _modify(wall, pair.pcx, requester={"AllowMultipathResilience": False})
    assert "MultipathResilienceStatus" not in seen(wall, pair.pcx)
    mode = {"MultipathResilienceMode": "always-on"}
    assert _modify_refused(wall, pair.pcx, requester=mode).startswith("InvalidParameterCombination: ")
    mode = allowed | {"MultipathResilienceMode": "never"}
    assert _modify_refused(wall, pair.pcx, requester=mode).startswith("InvalidParameterValue: ")
    here = peer_vpcs(wall, pair.vpc, create_vpc(wall, "10.2.0.0/16"))
    assert _modify_refused(wall, here, requester=allowed).startswith("InvalidParameterCombination: ")


def test_the_change_is_of_who_acts(accounts: Pair) -> None:
    """A peering's change is told in the history of the world that made it [inferred]."""
    accounts.do(accounts.theirs, "Accept")
    for wall, operation in (
        (accounts.mine, "CreateVpcPeeringConnection"),
        (accounts.theirs, "AcceptVpcPeeringConnection"),
    ):
        change = wall.call("DescribeChanges")["Changes"][-1]
        assert change["Operation"] == operation
        assert [(delta["Kind"], delta["Id"]) for delta in change["Deltas"]] == [("peering", accounts.pcx)]
