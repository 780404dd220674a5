"""Netlink, the language of the kernel's network tables: messages, attributes, and a socket that speaks them.

A message is a header and a body; a body is a subsystem's own few bytes and attributes; an attribute is a length, a
number and bytes, which may be attributes again. Lengths and numbers are in the machine's order, what they hold mostly
is not: reference dataplane-nftables 4.1 to 4.3 [measured].
"""

from __future__ import annotations

import ctypes
import errno
import os
import socket
import sys
from collections.abc import Iterator, Sequence
from struct import Struct
from typing import NamedTuple, Self

NETFILTER = 12
"""The family of netlink that firewalls and connection tracking speak."""

REQUEST = 0x1
ACK = 0x4
DUMP = 0x300
EXCLUSIVE = 0x200
CREATE = 0x400
APPEND = 0x800

ERROR = 2
DONE = 3
_ALIGNED = 4
_NESTED = 0x8000
KIND = 0x3FFF
_INTERRUPTED = 0x10

_HEADER = Struct("=IHHII")
_ATTRIBUTE = Struct("=HH")
_ERROR_NUMBER = Struct("=i")

_SOL_NETLINK = 270
_JOIN = 1
_SHORT_ERRORS = 10
_EXPLAINED_ERRORS = 11
_EXPLANATION = 1
_SEND_BUFFER_FORCE = 32
_RECEIVE_BUFFER_FORCE = 33
_ATTACH_FILTER = 26
_SEND_BUFFER = 64 << 20
_RECEIVE_BUFFER = 8 << 20
_CHUNK = 1 << 18
_SECONDS = 30.0
_DUMPS = 10
"""How often a list is asked for again that changed while it was being read."""


_INSTRUCTION = Struct("=HBBI")
_PROGRAM = Struct("HP")
_PORT = 12
"""Where a header has the port of who caused the message."""


class Message(NamedTuple):
    """A message without its framing. kind: subsystem and number. body: what follows the header."""

    kind: int
    flags: int
    body: bytes


class Answer(NamedTuple):
    """A message from the kernel. port: who caused it, which of a notice tells whether it was us."""

    kind: int
    flags: int
    sequence: int
    port: int
    body: bytes


class Refused(OSError):
    """The kernel refused a message. place: which one of those that were sent together, None for all of them."""

    def __init__(self, number: int, why: str, place: int | None) -> None:
        super().__init__(number, why or os.strerror(number))
        self.place = place


def attribute(kind: int, payload: bytes) -> bytes:
    """Return one attribute, filled up to a multiple of four bytes. ValueError above 65,531 bytes of payload."""
    length = _ATTRIBUTE.size + len(payload)
    if length > 0xFFFF:  # noqa: PLR2004 - the length is 16 bits
        message = f"an attribute of {length} bytes"
        raise ValueError(message)
    return _ATTRIBUTE.pack(length, kind) + payload + bytes(-length % _ALIGNED)


def nested(kind: int, *parts: bytes) -> bytes:
    """Return an attribute that holds attributes."""
    return attribute(kind | _NESTED, b"".join(parts))


def text(kind: int, value: str) -> bytes:
    """Return an attribute with text, which ends in a zero. ValueError for text that has one inside."""
    if "\0" in value:
        message = f"a zero within {value!r}"
        raise ValueError(message)
    return attribute(kind, value.encode() + b"\0")


def number(kind: int, value: int) -> bytes:
    """Return an attribute with 32 bits in network order."""
    return attribute(kind, value.to_bytes(4))


def attributes(body: bytes) -> Iterator[tuple[int, bytes]]:
    """Yield the number and the payload of each attribute in a row of them. ValueError for what is no such row."""
    place = 0
    while place + _ATTRIBUTE.size <= len(body):
        length, kind = _ATTRIBUTE.unpack_from(body, place)
        if not _ATTRIBUTE.size <= length <= len(body) - place:
            message = f"an attribute of {length} bytes in {len(body) - place}"
            raise ValueError(message)
        yield kind & KIND, body[place + _ATTRIBUTE.size : place + length]
        place += length + -length % _ALIGNED


def framed(messages: Sequence[Message], first: int) -> bytes:
    """Return messages as bytes, numbered from ``first``."""
    return b"".join(
        _HEADER.pack(_HEADER.size + len(body), kind, flags, sequence, 0) + body + bytes(-len(body) % _ALIGNED)
        for sequence, (kind, flags, body) in enumerate(messages, first)
    )


def answers(received: bytes) -> Iterator[Answer]:
    """Yield the messages of what was received at once."""
    place = 0
    while place + _HEADER.size <= len(received):
        length, kind, flags, sequence, port = _HEADER.unpack_from(received, place)
        if not _HEADER.size <= length <= len(received) - place:
            message = f"a message of {length} bytes in {len(received) - place}"
            raise ValueError(message)
        yield Answer(kind, flags, sequence, port, received[place + _HEADER.size : place + length])
        place += length + -length % _ALIGNED


def refusal(answer: Answer, first: int) -> Refused | None:
    """Return what an answer refuses, of messages numbered from ``first``; None for an acknowledgement."""
    (code,) = _ERROR_NUMBER.unpack_from(answer.body)
    if code == 0:
        return None
    explained = dict(attributes(answer.body[_ERROR_NUMBER.size + _HEADER.size :])) if len(answer.body) > 20 else {}  # noqa: PLR2004
    why = explained.get(_EXPLANATION, b"").rstrip(b"\0").decode(errors="replace")
    return Refused(-code, why, answer.sequence - first)


def _not_from(port: int) -> bytes:
    """Return a program of the kernel's packet filter that drops what a port has caused."""
    told = int.from_bytes(port.to_bytes(4, sys.byteorder))  # it loads words in network order
    steps = ((0x20, 0, 0, _PORT), (0x15, 0, 1, told), (0x06, 0, 0, 0), (0x06, 0, 0, 0xFFFFFFFF))
    return b"".join(_INSTRUCTION.pack(*step) for step in steps)


class Connection:
    """A netlink socket. It acts on the network namespace in which it was opened; see enforce.entering."""

    def __init__(self, family: int) -> None:
        """Open a socket of a netlink family. Raise OSError where there is none, PermissionError without rights."""
        self._socket = socket.socket(socket.AF_NETLINK, socket.SOCK_RAW | socket.SOCK_CLOEXEC, family)
        self._sequence = 1
        try:
            self._socket.bind((0, 0))
            self._socket.settimeout(_SECONDS)
            self._socket.setsockopt(_SOL_NETLINK, _SHORT_ERRORS, 1)
            self._socket.setsockopt(_SOL_NETLINK, _EXPLAINED_ERRORS, 1)
            self._socket.setsockopt(socket.SOL_SOCKET, _SEND_BUFFER_FORCE, _SEND_BUFFER)
            self._socket.setsockopt(socket.SOL_SOCKET, _RECEIVE_BUFFER_FORCE, _RECEIVE_BUFFER)
        except OSError:
            self._socket.close()
            raise
        self.port: int = self._socket.getsockname()[0]

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Close the socket."""
        self._socket.close()

    def fileno(self) -> int:
        """Return the socket's descriptor, to wait for notices with others."""
        return self._socket.fileno()

    def join(self, group: int, but: int) -> None:
        """Receive the notices of a multicast group from now on, without those that another socket's port causes.

        The kernel leaves those out itself: a load of a large table causes 100,000, which would take longer to read than
        to cause, and hide those of others.
        """
        steps = _not_from(but)
        held = ctypes.create_string_buffer(steps, len(steps))
        program = _PROGRAM.pack(len(steps) // _INSTRUCTION.size, ctypes.addressof(held))
        self._socket.setsockopt(socket.SOL_SOCKET, _ATTACH_FILTER, program)
        self._socket.setsockopt(_SOL_NETLINK, _JOIN, group)

    def notices(self) -> list[Answer]:
        """Return what has come since, without waiting. Raise OSError (ENOBUFS) if some was lost."""
        found: list[Answer] = []
        self._socket.settimeout(0)  # MSG_DONTWAIT would not do: Python waits for a socket that has a timeout
        try:
            while True:
                found += answers(self._socket.recv(_CHUNK))
        except BlockingIOError:
            return found
        finally:
            self._socket.settimeout(_SECONDS)

    def dump(self, message: Message) -> list[Answer]:
        """Return all that a message asks for a list of. Raise Refused if the kernel does not tell it."""
        for _ in range(_DUMPS):
            first = self._send([message._replace(flags=REQUEST | DUMP)])
            found = list(self._listed(first))
            if not any(one.flags & _INTERRUPTED for one in found):
                return [one for one in found if one.kind != DONE]
        raise Refused(errno.EINTR, "the list changed again and again while it was read", None)

    def walk(self, message: Message) -> Iterator[Answer]:
        """Yield what a message asks for a list of, each part when it is wanted; it need not be of one moment.

        Until it is at its end the socket can be used for nothing else.
        """
        first = self._send([message._replace(flags=REQUEST | DUMP)])
        return (one for one in self._listed(first) if one.kind != DONE)

    def _listed(self, first: int) -> Iterator[Answer]:
        """Yield the parts of a list, and the message that ends it."""
        for one in self._answers_to(first):
            yield one
            if one.kind == DONE:
                return

    def ask(self, message: Message) -> Answer:
        """Return the one answer to a message. Raise Refused if it is refused."""
        return next(self._answers_to(self._send([message._replace(flags=REQUEST)])))

    def gather(self, message: Message) -> list[Answer]:
        """Return all answers to a message that is no list, which its acknowledgement ends. Raise Refused."""
        found: list[Answer] = []
        for one in self._answers_to(self._send([message._replace(flags=REQUEST | ACK)])):
            if one.kind == ERROR:
                break
            found.append(one)
        return found

    def _answers_to(self, sequence: int) -> Iterator[Answer]:
        """Yield what comes in answer to a message, for as long as the caller wants more."""
        while True:
            for one in answers(self._socket.recv(_CHUNK)):
                refused = refusal(one, sequence) if one.kind == ERROR and one.sequence == sequence else None
                if refused:
                    raise refused
                if one.sequence == sequence:
                    yield one

    def order(self, messages: Sequence[Message]) -> None:
        """Send messages in one piece. The last is acknowledged, if none asks for that itself: so all are done.

        The kernel does all before the call that sends them returns, so that its answers are here then, and need no
        waiting for. Raise Refused for the first message that it refused; what then becomes of the others is up to the
        subsystem. Raise TimeoutError if it said nothing.
        """
        if not any(message.flags & ACK for message in messages):
            messages = [*messages[:-1], messages[-1]._replace(flags=messages[-1].flags | ACK)]
        first = self._send([message._replace(flags=message.flags | REQUEST) for message in messages])
        told = [one for one in self.notices() if one.kind == ERROR and 0 <= one.sequence - first < len(messages)]
        refused = [found for found in (refusal(one, first) for one in told) if found]
        if refused:
            raise refused[0]
        if not told:
            raise TimeoutError("the kernel did not acknowledge")

    def _send(self, messages: Sequence[Message]) -> int:
        first = self._sequence
        self._sequence = (first + len(messages)) % (1 << 31)
        self._socket.send(framed(messages, first))
        return first
