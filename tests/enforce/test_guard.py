"""What a machine must not lose is read from where the system tells it."""

from __future__ import annotations

from pathlib import Path

import pytest

from groupwall.enforce.agent.guard import Caller, callers_kept, server_kept, ssh_callers
from groupwall.enforce.kernel.packets import TCP, UDP
from groupwall.enforce.policy.own import Kept
from groupwall.rules.values import Direction

HEAD = "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode\n"
FIRST, SECOND = Caller("203.0.113.5", 22), Caller("198.51.100.7", 22)
MAPPED, REAL_6 = Caller("203.0.113.9", 2222), Caller("2001:db8::5", 22)


def _row(own: str, other: str, state: str = "01") -> str:
    return (
        f"   0: {own} {other} {state} 00000000:00000000 02:000AB3F1 00000000     0        0 31337 2 0 20 4 30 10 -1\n"
    )


IPV4 = HEAD + "".join(
    [
        _row("0100007F:0016", "00000000:0000", "0A"),
        _row("0A00000A:0016", "057100CB:C350"),
        _row("0A00000A:0016", "076433C6:C351"),
        _row("0A00000A:0016", "080808C6:C351", "06"),
        _row("0A00000A:1F90", "0A0A0A0A:C352"),
    ]
)
IPV6 = HEAD + "".join(
    [
        _row("0000000000000000FFFF00000A00000A:08AE", "0000000000000000FFFF0000097100CB:C350"),
        _row("B80D0120000000000000000001000000:0016", "B80D0120000000000000000005000000:C353"),
    ]
)


@pytest.mark.parametrize(
    ("environments", "found"),
    [
        ([b"SSH_CONNECTION=203.0.113.5 50000 10.0.0.10 22"], [FIRST]),
        ([b"HOME=/root", b"SSH_CONNECTION=203.0.113.5 50000 10.0.0.10 22\0A=B"], [FIRST]),
        ([b"X=SSH_CONNECTION=1.2.3.4 5 6 22", b"", b"A=B\0SSH_CONNECTION=198.51.100.7 1 10.0.0.10 22"], [SECOND]),
        ([b"SSH_CONNECTION=::ffff:203.0.113.9 50000 ::ffff:10.0.0.10 2222"], [MAPPED]),
        ([b"SSH_CONNECTION=2001:db8::5%eth0 50000 2001:db8::1 22"], [REAL_6]),
        ([b"SSH_CONNECTION=192.0.2.77 50000 10.0.0.10 22"], [SECOND, REAL_6, FIRST]),
        ([b"SSH_CONNECTION=192.0.2.77 50000 10.0.0.10 2222"], [MAPPED]),
        ([b"SSH_CONNECTION=; rm -rf /", b"SSH_CONNECTION=a b c d"], [SECOND, REAL_6, FIRST]),
        ([b"SSH_CONNECTION=203.0.113.5 50000 10.0.0.10 99999"], []),
        ([], [SECOND, REAL_6, FIRST]),
    ],
)
def test_who_is_there_by_ssh(tmp_path: Path, environments: list[bytes], found: list[Caller]) -> None:
    """The nearest SSH_CONNECTION of a process and its ancestors is it, if that connection is there; else all are.

    sudo takes the variable away, a session within tmux has an old one (inferred).
    """
    processes, last = tmp_path / "processes", len(environments) + 100
    for number, environment in enumerate(environments, 100):
        parent = number + 1 if number + 1 < last else 1
        _process(processes, number, f"{number} (a) b (c)) S {parent} 1 1", environment)
    _process(processes, 1, "1 (init) S 0 0 0", b"PATH=/bin")
    (tmp_path / "tcp").write_text(IPV4)
    (tmp_path / "tcp6").write_text(IPV6)
    tables = [tmp_path / "tcp", tmp_path / "tcp6", tmp_path / "none"]
    assert ssh_callers(100 if environments else 1, processes, tables) == found


def _process(processes: Path, number: int, stat: str, environment: bytes) -> None:
    folder = processes / str(number)
    folder.mkdir(parents=True)
    (folder / "stat").write_text(stat)
    (folder / "environ").write_bytes(environment)


def test_callers_come_back() -> None:
    """A caller may connect again to the port where it is, from any of its own (inferred)."""
    assert callers_kept([("203.0.113.5", 22), ("::ffff:192.0.2.1", 2222), ("2001:DB8::5", 22)]) == [
        Kept(Direction.INGRESS, "203.0.113.5", TCP, 22),
        Kept(Direction.INGRESS, "192.0.2.1", TCP, 2222),
        Kept(Direction.INGRESS, "2001:db8::5", TCP, 22),
    ]


@pytest.mark.parametrize(
    "caller", [("0.0.0.0/0", 22), ("web", 22), ("", 22), ("10.0.0.1", 0), ("10.0.0.1", 65536), ("10.0.0.1", "22")]
)
def test_what_is_no_caller_is_refused(caller: tuple[str, int]) -> None:
    """What is no address and port is refused, blocks and names too (inferred)."""
    with pytest.raises(ValueError, match=r"does not appear to be|is no port"):
        callers_kept([caller])


@pytest.mark.parametrize(
    ("endpoint", "told"),
    [
        ("http://127.0.0.1:4577", []),
        ("http://localhost:4577", []),
        ("https://192.0.2.8", ["port 443 of 192.0.2.8"]),
        ("http://192.0.2.8", ["port 80 of 192.0.2.8"]),
        ("https://[2001:db8::8]:4577", ["port 4577 of 2001:db8::8"]),
    ],
)
def test_the_server_is_kept(tmp_path: Path, endpoint: str, told: list[str]) -> None:
    """The address and port of a server are kept, one on the same machine needs nothing (inferred)."""
    assert [one.told for one in server_kept(endpoint, [tmp_path / "resolv.conf"])] == told


def test_resolvers_are_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of a server with a name those are kept who tell its address; groups do not filter them (reference 20 [docs])."""
    monkeypatch.setattr(
        "socket.getaddrinfo", lambda *_, **__: [(0, 0, 0, "", ("192.0.2.9", 443)), (0, 0, 0, "", ("192.0.2.8", 443))]
    )
    near, far = tmp_path / "near", tmp_path / "far"
    near.write_text(
        "# by hand\nnameserver 127.0.0.53\nnameserver 192.0.2.53\nsearch example\nnameserver\n\noptions x\n"
    )
    far.write_text("nameserver fe80::1%eth0\nnameserver nonsense\n")
    own = [Kept(Direction.EGRESS, address, TCP, 443) for address in ("192.0.2.8", "192.0.2.9")]
    dns = [
        Kept(Direction.EGRESS, address, number, 53) for address in ("192.0.2.53", "fe80::1") for number in (UDP, TCP)
    ]
    assert server_kept("https://wall.example", [near, tmp_path / "none", far]) == [*own, *dns]
