"""``local()``: a wall for the time of a block, a function or a test."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable
from typing import Any, ParamSpec, TypeVar, Unpack, overload

from groupwall.inprocess.hooks import begin, end
from groupwall.inprocess.options import Options, check
from groupwall.inprocess.wall import Wall

P = ParamSpec("P")
R = TypeVar("R")

_NOT_A_CALL = (lambda one: not callable(one), inspect.isclass, inspect.isgeneratorfunction, inspect.isasyncgenfunction)
"""Tests for what does not run between its call and its return."""


@overload
def local(**options: Unpack[Options]) -> Local: ...
@overload
def local(function: Callable[P, R], /) -> Callable[P, R]: ...
def local(function: Callable[..., Any] | None = None, /, **options: Unpack[Options]) -> Local | Callable[..., Any]:
    """Answer the EC2, STS and groupwall calls of every boto3 client in this process by a groupwall in memory.

    Options as in ``Options``. Clients that were made before are answered too, whatever their ``endpoint_url``; other
    services are let past. Where neither credentials nor a region are configured, there are some as long as it lasts. Of
    walls within each other the innermost answers; each call of a decorated function has a wall of its own.
    TypeError for an option that there is not or that has another type, and for what can't be decorated.

        with groupwall.local() as wall:
            boto3.resource("ec2").create_vpc(CidrBlock="10.0.0.0/16")

        @groupwall.local  # or @groupwall.local(seed=1)
        def test_network(): ...
    """
    check(options)
    around = Local(options)
    return around if function is None else around(function)


class Local:
    """What ``local()`` returns: to be entered, or to be set above a function."""

    def __init__(self, options: Options) -> None:
        self._options = options
        self._entered: list[Wall] = []

    def __enter__(self) -> Wall:
        wall = Wall(self._options)
        begin(wall)
        self._entered.append(wall)
        return wall

    def __exit__(self, *exc: object) -> None:
        wall = self._entered.pop()
        end(wall)
        wall.close()

    def __call__(self, function: Callable[P, R]) -> Callable[P, R]:
        """Return the function with a wall around each call. TypeError for what does not run when it is called."""
        if any(wrong(function) for wrong in _NOT_A_CALL):
            what = f"a generator, {function!r}" if inspect.isroutine(function) else repr(function)
            message = f"local() goes around a plain function, not {what}: use `with groupwall.local():` inside"
            raise TypeError(message)
        if inspect.iscoroutinefunction(function):
            return self._around_coroutine(function)

        @functools.wraps(function)
        def inside(*args: P.args, **kwargs: P.kwargs) -> R:
            with Local(self._options):
                return function(*args, **kwargs)

        return inside

    def _around_coroutine(self, function: Callable[..., Any]) -> Callable[..., Any]:
        @functools.wraps(function)
        async def inside(*args: Any, **kwargs: Any) -> Any:  # noqa: ANN401 - the function's own
            with Local(self._options):
                return await function(*args, **kwargs)

        return inside
