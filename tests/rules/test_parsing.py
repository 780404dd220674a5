"""Text of a request to canonical text, row by row of reference 3.2, 3.3 and 5.3, and against the ipaddress module."""

from __future__ import annotations

import ipaddress
from contextlib import suppress
from typing import TYPE_CHECKING

import pytest
from hypothesis import given, reject
from hypothesis import strategies as st

from groupwall.errors import ApiError
from groupwall.rules import parsing
from groupwall.rules.values import PortRange
from tests import strategies

if TYPE_CHECKING:
    from collections.abc import Callable

DESCRIPTION_REFUSED = (
    "Invalid rule description. Valid descriptions are strings less than 256 characters from the following set:  "
    "a-zA-Z0-9. _-:/()#,@[]+=&;{}!$*"
)


def refusal(function: Callable[..., object], *arguments: object) -> tuple[str, str]:
    """Return the code and message with which the function refuses."""
    with pytest.raises(ApiError) as caught:
        function(*arguments)
    return caught.value.code, caught.value.message


@pytest.mark.parametrize(
    ("text", "canonical"),
    [
        ("6", "tcp"),  # 3.2 [live-test]
        ("17", "udp"),  # 3.2 [live-test]
        ("1", "icmp"),  # 3.2 [live-test]
        ("58", "icmpv6"),  # 3.2 [docs]
        ("TCP", "tcp"),  # 3.2 [live-test]
        ("IcmpV6", "icmpv6"),  # 3.2 [issue]
        ("-1", "-1"),  # 3.2 [live-test]
        ("50", "50"),  # 3.2 [live-test]
        ("0", "0"),  # 3.2 [docs]
        ("255", "255"),  # 3.2 [docs]
    ],
)
def test_a_protocol_has_one_name(text: str, canonical: str) -> None:
    """Numbers and capitals of a known protocol give its lower-case name: reference 3.2."""
    assert parsing.protocol(text) == canonical


@pytest.mark.parametrize(
    "text",
    [
        "esp",  # 3.2 [issue]
        "all",  # 3.2 [issue][docs: conflict]
        "74d93920-ed26-11e3-ac10-0800200c9a66",  # 4.3 [issue]
        "256",  # 3.2 [inferred]
        "-2",  # 3.2 [inferred]
        "",  # [inferred]
        "06",  # [inferred]
        " 6",  # [inferred]
        "\u0666",  # [inferred]: a decimal digit, but not an ASCII one
        "tcp\n",  # [inferred]
    ],
)
def test_an_unknown_protocol_is_refused(text: str) -> None:
    """Only names and numbers of reference 3.2 are protocols."""
    expected = ("InvalidParameterValue", f"Invalid value '{text}' for IP protocol. Unknown protocol.")
    assert refusal(parsing.protocol, text) == expected


def test_a_missing_protocol_is_told_as_null() -> None:
    """Protocols are explicit: reference 11 [live-test], for authorize and revoke 4.3 [inferred]."""
    message = "Invalid value 'null' for protocol. VPC security group rules must specify protocols explicitly."
    assert refusal(parsing.protocol, None) == ("InvalidParameterValue", message)


@pytest.mark.parametrize(
    ("protocol", "first", "last", "kept"),
    [
        ("tcp", 22, 22, (22, 22)),  # 4.3 [docs]
        ("udp", 0, 65535, (0, 65535)),  # 5.3 [recorded]
        ("-1", 80, 90, (-1, -1)),  # 3.2 [live-test]
        ("-1", None, None, (-1, -1)),  # 4.5 [recorded]
        ("-1", 70000, -5, (-1, -1)),  # 3.2 [live-test]: dropped, so never looked at
        ("50", 80, 80, (-1, -1)),  # 3.2 [live-test]
        ("icmp", -1, -1, (-1, -1)),  # 3.2 [recorded]
        ("icmp", 8, -1, (8, -1)),  # 3.2 [live-test]
        ("icmp", 15, -1, (15, -1)),  # 3.2 [recorded]
        ("icmp", 3, 4, (3, 4)),  # 4.3 [docs]
        ("icmp", 255, 255, (255, 255)),  # 5.3 [issue]
        ("icmpv6", None, None, (-1, -1)),  # 3.2 [live-test]
        ("icmpv6", 128, 0, (128, 0)),  # 5.1 [model]
    ],
)
def test_ports_are_kept_as_the_protocol_has_them(
    protocol: str, first: int | None, last: int | None, kept: tuple[int, int]
) -> None:
    """TCP and UDP keep ports, ICMP type and code, all others nothing: reference 3.2."""
    assert parsing.ports(protocol, first, last) == PortRange(*kept)


@pytest.mark.parametrize(
    ("protocol", "first", "last", "message"),
    [
        ("tcp", None, None, "Invalid value for portRange. Must specify both from and to ports with TCP/UDP."),  # [rec.]
        ("udp", 80, None, "Invalid value for portRange. Must specify both from and to ports with TCP/UDP."),  # [rec.]
        ("tcp", None, 80, "Invalid value for portRange. Must specify both from and to ports with TCP/UDP."),  # [rec.]
        ("tcp", -1, -1, "TCP/UDP (from) port (-1) out of range"),  # [recorded]
        ("tcp", 0, 70000, "TCP/UDP (to) port (70000) out of range"),  # [inferred]
        ("udp", 65536, 65536, "TCP/UDP (from) port (65536) out of range"),  # [inferred]
        ("tcp", 80, 70, "Invalid TCP/UDP port range (80:70)"),  # [parity]
        ("icmp", 0, 65535, "ICMP code (65535) out of range"),  # [issue]
        ("icmp", 256, 0, "ICMP type (256) out of range"),  # [inferred]
        ("icmpv6", -2, 0, "ICMP type (-2) out of range"),  # [inferred]
        ("icmp", 8, -2, "ICMP code (-2) out of range"),  # [inferred]
        ("icmp", -1, 0, "ICMP code (0) not allowed with type (-1)"),  # 3.2 [model], text [inferred]
        ("icmp", None, None, "Invalid value for portRange. Must specify both type and code with ICMP."),  # [inferred]
        ("icmpv6", 128, None, "Invalid value for portRange. Must specify both type and code with ICMP."),  # [inferred]
    ],
)
def test_bad_ports_are_refused(protocol: str, first: int | None, last: int | None, message: str) -> None:
    """Each way in which ports can be wrong has its text: reference 5.3."""
    assert refusal(parsing.ports, protocol, first, last) == ("InvalidParameterValue", message)


@pytest.mark.parametrize(
    ("text", "canonical"),
    [
        ("10.45.0.7/16", "10.45.0.0/16"),  # 3.2 [live-test]
        ("100.68.0.18/18", "100.68.0.0/18"),  # 3.2 [model]
        ("203.0.113.7/32", "203.0.113.7/32"),  # 4.3 [docs]
        ("1.2.3.4/0", "0.0.0.0/0"),  # 3.2 [live-test]
        ("255.255.255.255/31", "255.255.255.254/31"),  # 3.2 [live-test]
    ],
)
def test_an_ipv4_block_loses_its_host_bits(text: str, canonical: str) -> None:
    """Blocks are stored as networks: reference 3.2."""
    assert parsing.ipv4_cidr(text) == canonical


@pytest.mark.parametrize(
    ("text", "canonical"),
    [
        ("2001:0DB8:0:0:0:0:0:5/64", "2001:db8::/64"),  # 3.2 [live-test]
        ("::/0", "::/0"),  # 7 [live-test]
        ("2001:db8::1/128", "2001:db8::1/128"),  # 3.2 [live-test]
        ("::0102:0304/128", "::102:304/128"),  # 3.2 [live-test]: never with an IPv4 end
        ("64:ff9b::192.0.2.1/128", "64:ff9b::c000:201/128"),  # [inferred]
    ],
)
def test_an_ipv6_block_has_one_text(text: str, canonical: str) -> None:
    """Blocks are networks in lower case, compressed: reference 3.2."""
    assert parsing.ipv6_cidr(text) == canonical


MALFORMED_FOR_BOTH = [
    "",
    "/32",  # 5.3 [recorded]
    "10.0.0.1",  # 3.2 [docs]
    "2001:db8::",  # 3.2 [docs]
    "10.0.0.0/33",  # 3.2 [recorded]
    "::/129",
    "10.0.0.0/-1",
    "10.0.0.0/+8",
    "10.0.0.0/08",
    "10.0.0.0/ 8",
    "10.0.0.0/8 ",
    " 10.0.0.0/8",
    "10.0.0.0/8/8",
    "10.0.0.0/255.0.0.0",
    "10.0.0.0/",
    "10.0.0/8",
    "10/8",
    "010.0.0.0/8",
    "0x0a.0.0.0/8",
    "10.0.0.256/8",
    "10.0.0.0\0/8",
    "\u0661\u0660.0.0.0/8",
    "\ud800/8",
    "::ffff:10.0.0.1/128",  # IPv4 in disguise
    "::FFFF:a00:1/104",
    "fe80::1%eth0/64",
    ":::/0",
    "1:2:3:4:5:6:7/64",
    "12345::/16",
    "0.0.0.0/0\n",
    "null",
]


@pytest.mark.parametrize("text", [*MALFORMED_FOR_BOTH, "::/0"])
def test_what_is_no_ipv4_block_is_refused(text: str) -> None:
    """IPv6 [issue] and anything ambiguous [inferred] is malformed as IPv4: reference 3.2 and 5.3 [recorded: text]."""
    assert refusal(parsing.ipv4_cidr, text) == ("InvalidParameterValue", f"CIDR block {text} is malformed")


@pytest.mark.parametrize("text", [*MALFORMED_FOR_BOTH, "10.0.0.0/8"])
def test_what_is_no_ipv6_block_is_refused(text: str) -> None:
    """IPv4, zones and IPv4-mapped addresses [inferred] are malformed as IPv6: reference 5.3 [recorded: text]."""
    assert refusal(parsing.ipv6_cidr, text) == ("InvalidParameterValue", f"CIDR block {text} is malformed")


@given(value=st.integers(0, 2**32 - 1), length=st.integers(0, 32))
def test_ipv4_blocks_agree_with_ipaddress(value: int, length: int) -> None:
    """Two readers of an IPv4 block give the same network."""
    text = f"{ipaddress.IPv4Address(value)}/{length}"
    assert parsing.ipv4_cidr(text) == str(ipaddress.IPv4Network(text, strict=False))


@given(value=strategies.ipv6_values | st.integers(0, 2**32 - 1), length=st.integers(0, 128), style=st.integers(0, 2))
def test_ipv6_blocks_agree_with_ipaddress(value: int, length: int, style: int) -> None:
    """Two readers of an IPv6 block give the same network, however it is written."""
    address = ipaddress.IPv6Address(value)
    text = (str(address), address.exploded, address.exploded.upper())[style] + f"/{length}"
    assert parsing.ipv6_cidr(text) == str(ipaddress.IPv6Network(text, strict=False))


@pytest.mark.parametrize(
    ("function", "network"), [(parsing.ipv4_cidr, ipaddress.IPv4Network), (parsing.ipv6_cidr, ipaddress.IPv6Network)]
)
@given(text=st.text("0123456789abcdefF.:/%x +", max_size=24) | st.text(max_size=8))
def test_what_ipaddress_refuses_is_refused(
    function: Callable[[str], str], network: Callable[..., object], text: str
) -> None:
    """No text is a block here that is none for ipaddress."""
    with suppress(ValueError):
        network(text, strict=False)
        reject()
    assert refusal(function, text)[0] == "InvalidParameterValue"


@given(text=strategies.ipv4_cidrs)
def test_canonical_ipv4_blocks_stay(text: str) -> None:
    """Canonical text is its own canonical form."""
    assert parsing.ipv4_cidr(text) == text


@given(text=strategies.ipv6_cidrs)
def test_canonical_ipv6_blocks_stay(text: str) -> None:
    """Canonical text is its own canonical form."""
    assert parsing.ipv6_cidr(text) == text


@pytest.mark.parametrize("text", ["", "SSL To The World", "a" * 255, strategies.DESCRIPTION_CHARACTERS])
def test_allowed_descriptions_stay(text: str) -> None:
    """Up to 255 characters of the set, ``&`` for every kind of peer: reference 5.3 [recorded][model]."""
    assert parsing.description(text) == text


@pytest.mark.parametrize("text", ["a" * 256, *"'?\"%<>~^|\\`é\n\t\0", "fine\n"])
def test_other_descriptions_are_refused(text: str) -> None:
    """Longer text and any other character is refused: reference 5.3 [recorded][model]."""
    assert refusal(parsing.description, text) == ("InvalidParameterValue", DESCRIPTION_REFUSED)


@pytest.mark.parametrize(
    ("function", "text"),
    [
        (parsing.group_id, "sg-00000000"),  # 3.1 [live-test]
        (parsing.group_id, "sg-0da93d4b44165d316"),  # 4.5 [recorded]
        (parsing.rule_id, "sgr-00000000"),  # 3.1 [live-test]
        (parsing.rule_id, "sgr-0ff6f5caeea124a07"),  # 4.5 [recorded]
        (parsing.prefix_list_id, "pl-63a5400b"),  # 9 [recorded]
        (parsing.vpc_id, "vpc-07c30014f0e9e9455"),  # 7 [recorded]
    ],
)
def test_well_formed_ids_stay(function: Callable[[str], str], text: str) -> None:
    """8 and 17 lower-case hex digits are well-formed: reference 3.1."""
    assert function(text) == text


@pytest.mark.parametrize(
    ("function", "text", "code", "message"),
    [
        # 3.3 [recorded]
        (parsing.group_id, "i-0d95", "InvalidGroupId.Malformed", 'Invalid id: "i-0d95" (expecting "sg-...")'),
        (parsing.group_id, "web", "InvalidGroupId.Malformed", 'Invalid id: "web" (expecting "sg-...")'),
        (parsing.group_id, "eks*", "InvalidGroupId.Malformed", 'Invalid id: "eks*" (expecting "sg-...")'),
        (parsing.group_id, "", "InvalidGroupId.Malformed", "The security-group ID '' is malformed"),
        (parsing.group_id, "sg-a\tsg-b", "InvalidGroupId.Malformed", "The security-group ID 'sg-a\tsg-b' is malformed"),
        # [inferred]: a rest of another length or in capitals is not an id either
        (parsing.group_id, "sg-1234567", "InvalidGroupId.Malformed", "The security-group ID 'sg-1234567' is malformed"),
        (
            parsing.group_id,
            "sg-ABCDEF01",
            "InvalidGroupId.Malformed",
            "The security-group ID 'sg-ABCDEF01' is malformed",
        ),
        (
            parsing.group_id,
            "sg-00000000\n",
            "InvalidGroupId.Malformed",
            "The security-group ID 'sg-00000000\n' is malformed",
        ),
        # 3.3 [recorded: code][inferred: text]
        (
            parsing.rule_id,
            "49.15.207.58",
            "InvalidSecurityGroupRuleId.Malformed",
            'Invalid id: "49.15.207.58" (expecting "sgr-...")',
        ),
        (
            parsing.rule_id,
            "sg-00000000",
            "InvalidSecurityGroupRuleId.Malformed",
            'Invalid id: "sg-00000000" (expecting "sgr-...")',
        ),
        # 3.3 [live-test: code][inferred: text]
        (parsing.prefix_list_id, "x", "InvalidPrefixListId.Malformed", 'Invalid id: "x" (expecting "pl-...")'),
        (parsing.vpc_id, "x", "InvalidVpcId.Malformed", 'Invalid id: "x" (expecting "vpc-...")'),
    ],
)
def test_other_ids_are_refused(function: Callable[[str], str], text: str, code: str, message: str) -> None:
    """Each kind of id has its code, and groups have more than one text: reference 3.3."""
    assert refusal(function, text) == (code, message)
