"""Values for Hypothesis, made from the shapes of the model; and botocore's side of the same operation."""

from __future__ import annotations

import base64
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from botocore.loaders import Loader
from botocore.model import OperationModel, ServiceModel
from hypothesis import strategies as st

from groupwall.wire.model import SERVICES, Action
from groupwall.wire.scalars import moment
from groupwall.wire.shapes import List, Scalar, Shape, Structure

if TYPE_CHECKING:
    from hypothesis.strategies import SearchStrategy

ACTIONS = [action for service in SERVICES.values() for action in service.actions.values()]
TELLING = [action for place, action in enumerate(ACTIONS) if not action.empty or place % 10 == 0]
"""Without nine tenths of the empty descriptions, whose parameters are all of one form."""
MODELS = str(Path(__file__).parents[2] / "groupwall" / "models")

LATEST = 4_102_444_800_000  # 2100-01-01, in milliseconds
ANY_TEXT = st.text(max_size=12)
WIRE_TEXT = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\ufffe\uffff"), max_size=12).filter(
    lambda text: not any(character < " " and character not in "\t\n\r" for character in text)
)
SCALARS: dict[str, SearchStrategy[Any]] = {
    "integer": st.integers(-(2**31), 2**31 - 1),
    "long": st.integers(-(2**63), 2**63 - 1),
    "boolean": st.booleans(),
    "timestamp": st.integers(0, LATEST),
    "blob": st.binary(max_size=12).map(lambda raw: base64.b64encode(raw).decode()),
}


def values(shape: Shape, text: SearchStrategy[str], least: int) -> SearchStrategy[Any]:
    """Return values of a shape; ``least``: how many parts lists and inner structures have at least."""
    if isinstance(shape, Scalar):
        return SCALARS.get(shape.kind, text)
    if isinstance(shape, List):
        return st.lists(values(shape.item, text, least), min_size=least, max_size=3)
    return members(shape, text, least)


def members(shape: Structure, text: SearchStrategy[str], least: int) -> SearchStrategy[dict[str, Any]]:
    """Return values of a structure with what it requires and some of the rest."""
    parts = {name: values(member.shape, text, least) for name, member in shape.members.items()}
    some = st.lists(st.sampled_from(sorted(parts)), min_size=least, max_size=4, unique=True) if parts else st.just([])
    return some.flatmap(lambda names: st.fixed_dictionaries({name: parts[name] for name in [*shape.required, *names]}))


def params(action: Action) -> SearchStrategy[dict[str, Any]]:
    """Return parameters of an action; lists and inner structures are never empty, since an empty one is not sent."""
    return members(action.input, WIRE_TEXT, 1) if action.input.members else st.just({})


def results(action: Action) -> SearchStrategy[dict[str, Any]]:
    """Return results of an action, with text of any kind."""
    return members(action.output, ANY_TEXT, 0) if action.output else st.just({})


def for_botocore(shape: Shape, value: Any) -> Any:  # noqa: ANN401 - parameters of any form
    """Return parameters as botocore takes them: a blob, here base64 text, is bytes there, and a time a datetime."""
    if isinstance(shape, Scalar):
        return _FOR_BOTOCORE[shape.kind](value) if shape.kind in _FOR_BOTOCORE else value
    if isinstance(shape, List):
        return [for_botocore(shape.item, part) for part in value]
    return {name: for_botocore(shape.members[name].shape, part) for name, part in value.items()}


_FOR_BOTOCORE = {"blob": base64.b64decode, "timestamp": moment}


@cache
def operation(action: Action) -> OperationModel:
    """Return botocore's model of an action."""
    model = Loader(extra_search_paths=[MODELS]).load_service_model(action.service, "service-2")
    return ServiceModel(model, action.service).operation_model(action.name)
