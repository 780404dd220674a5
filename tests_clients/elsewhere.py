"""The other services of an account that holds nothing in them, for clients that ask each of them before they go on."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

NO_LAUNCH_CONFIGURATIONS = (
    b'<DescribeLaunchConfigurationsResponse xmlns="http://autoscaling.amazonaws.com/doc/2011-01-01/">'
    b"<DescribeLaunchConfigurationsResult><LaunchConfigurations/></DescribeLaunchConfigurationsResult>"
    b"</DescribeLaunchConfigurationsResponse>"
)
NOTHING = b'{"Functions": [], "EventBuses": [], "Rules": [], "projects": [], "computeEnvironments": []}'


class Empty(BaseHTTPRequestHandler):
    """Answers every call with empty lists: in XML what is asked as a form, in JSON all else."""

    def do_GET(self) -> None:
        """Lambda is asked so."""
        self._answer("application/json", NOTHING)

    def do_POST(self) -> None:
        """All others are asked so."""
        self.rfile.read(int(self.headers["content-length"]))
        if "form" in self.headers.get("content-type", ""):
            self._answer("text/xml", NO_LAUNCH_CONFIGURATIONS)
        else:
            self._answer("application/json", NOTHING)

    def _answer(self, kind: str, body: bytes) -> None:
        self.send_response(200)
        self.send_header("content-type", kind)
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Keep the tests' output clean."""


@contextmanager
def elsewhere() -> Iterator[str]:
    """Yield the address where every service answers that the account holds nothing."""
    with ThreadingHTTPServer(("127.0.0.1", 0), Empty) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        try:
            yield f"http://127.0.0.1:{server.server_address[1]}"
        finally:
            server.shutdown()
