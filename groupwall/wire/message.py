"""The two values of the edge: an HTTP request as it came, an HTTP reply as it goes."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Request:
    """One HTTP request.

    path and query are raw, as they stood in the request line (percent-encoded; query without the question mark).
    headers are (name, value) pairs in order of arrival, names in lower case, values decoded as latin-1.
    source: the address that it came from, "" where there is none, as within a process. secure: whether it came by TLS.
    """

    method: str
    path: str
    query: str
    headers: tuple[tuple[str, str], ...]
    body: bytes
    source: str = ""
    secure: bool = False

    def header(self, name: str) -> str | None:
        """Return the first value of a header, or None. ``name`` is in lower case."""
        return next((value for key, value in self.headers if key == name), None)


@dataclass(frozen=True, slots=True)
class Reply:
    """One HTTP reply: status, (name, value) headers, body."""

    status: int
    headers: tuple[tuple[str, str], ...]
    body: bytes
