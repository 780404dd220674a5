"""A server that does nothing but answer: what it reaches is the ceiling of the load generator."""

from __future__ import annotations

import asyncio
import sys
from typing import cast

import uvloop

BODY = b"<Response/>"
REPLY = b"HTTP/1.1 200 OK\r\ncontent-type: text/xml\r\ncontent-length: %d\r\n\r\n%s" % (len(BODY), BODY)


class Null(asyncio.Protocol):
    """Answers whatever arrives, taking each piece for one request with its body."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Keep the connection."""
        self._transport = cast("asyncio.Transport", transport)

    def data_received(self, *arrived: bytes) -> None:
        """Answer, unless the head of a request came alone."""
        if not arrived[0].endswith(b"\r\n\r\n"):
            self._transport.write(REPLY)


async def serve(port: int) -> None:
    """Answer on a port of loopback until killed."""
    server = await asyncio.get_running_loop().create_server(Null, "127.0.0.1", port)
    await server.serve_forever()


if __name__ == "__main__":
    uvloop.run(serve(int(sys.argv[1])))
