"""What is sent to another process has tensors of its own.

PyTorch moves a tensor that is sent into shared memory, from a thread of the pool, and frees where it was: whoever
computes with it just then, such as a page that shows a first look at the same model, reads memory that is gone.
"""

from __future__ import annotations

import copy
import dataclasses
from functools import partial
from types import MethodType
from typing import Any

from torch import Tensor, nn


def own_tensors(value: Any) -> Any:
    """A call, or anything in one, with copies of the tensors and networks in it; all else stays the same."""
    if isinstance(value, Tensor | nn.Module):
        try:
            return copy.deepcopy(value)
        except (copy.Error, TypeError, RuntimeError):  # it can't be sent either, which the answer says
            return value
    if isinstance(value, partial):
        keywords = {name: own_tensors(one) for name, one in value.keywords.items()}
        return partial(own_tensors(value.func), *map(own_tensors, value.args), **keywords)
    if isinstance(value, MethodType):
        return MethodType(value.__func__, own_tensors(value.__self__))
    if isinstance(value, dict):
        return {name: own_tensors(one) for name, one in value.items()} if type(value) is dict else value
    if type(value) in (tuple, list):
        return type(value)(map(own_tensors, value))
    if isinstance(value, tuple):
        return tuple.__new__(type(value), map(own_tensors, value))  # with names
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        parts = {part.name: getattr(value, part.name) for part in dataclasses.fields(value) if part.init}
        own = {name: own_tensors(one) for name, one in parts.items()}
        return dataclasses.replace(value, **own) if any(own[name] is not parts[name] for name in parts) else value
    return value
