"""The connections that programs have are read from where the system tells them."""

from __future__ import annotations

from ipaddress import ip_address
from pathlib import Path

from groupwall.enforce.kernel.sockets import End, Open, connections

HEAD = "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode\n"
IPV4 = """\
   0: 00000000:0016 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 1 1 2 100 0 0 10 0
   1: 0A00000A:0016 057100CB:C350 01 00000000:00000000 02:000AB3F1 00000000     0        0 2 2 3 20 4 30 10 -1
   2: 0A00000A:C351 057100CB:0016 01 00000000:00000000 02:000AB3F1 00000000     0        0 3 2 4 20 4 30 10 -1
   3: 0A00000A:C352 057100CB:0016 06 00000000:00000000 03:000AB3F1 00000000     0        0 0 3 5
"""
IPV6 = """\
   0: 00000000000000000000000000000000:1F90 00000000000000000000000000000000:0000 0A 0:0 00:0 0 0 0 4 1 6 100 0 0 10 0
   1: 0000000000000000FFFF00000A00000A:1F90 0000000000000000FFFF0000057100CB:C353 01 0:0 00:0 0 0 0 5 1 7 20 4 30 10 -1
   2: B80D0120000000000000000001000000:C354 B80D0120000000000000000005000000:0016 01 0:0 00:0 0 0 0 6 1 8 20 4 30 10 -1
"""


def _end(text: str, port: int) -> End:
    return End(ip_address(text), port)


def test_connections_are_told(tmp_path: Path) -> None:
    """Open connections are told with who began them; IPv4 as such where a program has it as IPv6 (inferred)."""
    (tmp_path / "tcp").write_text(HEAD + IPV4)
    (tmp_path / "tcp6").write_text(HEAD + IPV6)
    own, other = "10.0.0.10", "203.0.113.5"
    assert connections([tmp_path / "tcp", tmp_path / "tcp6", tmp_path / "none"]) == [
        Open(_end(own, 22), _end(other, 50000), began=False),
        Open(_end(own, 50001), _end(other, 22), began=True),
        Open(_end(own, 8080), _end(other, 50003), began=False),
        Open(_end("2001:db8::1", 50004), _end("2001:db8::5", 22), began=True),
    ]
