"""aiogram, whose models of the Bot API are built when they are first asked.

It builds all of them at its import, which takes every process of the tests three seconds; what one
process asks takes a tenth of one.
"""

import sys
from typing import Any, Literal, Optional, Union

from pydantic import BaseModel

if "aiogram" in sys.modules:
    raise ImportError("import aiogram from tests.aiogram_models, or its models are built at once")

_build = BaseModel.__dict__["model_rebuild"]
BaseModel.model_rebuild = classmethod(lambda cls, **_: None)  # type: ignore[assignment, method-assign]
try:
    from aiogram import methods, types
    from aiogram.client.context_controller import BotContextController
    from aiogram.client.default import Default
    from aiogram.methods.base import Response
finally:
    BaseModel.model_rebuild = _build  # type: ignore[method-assign]

__all__ = ("build", "methods", "types")

_NAMES = {
    **{"List": list, "Optional": Optional, "Union": Union, "Literal": Literal, "Default": Default},
    **{name: getattr(types, name) for name in types.__all__},
}


def build(cls: type[BaseModel], /, **given: Any) -> bool | None:
    """Builds a model that has aiogram's among its parts; they are found by their names."""
    given["_types_namespace"] = _NAMES
    built: bool | None = _build.__func__(cls, **given)
    return built


for each in (BotContextController, Response):
    each.model_rebuild = classmethod(build)  # type: ignore[assignment, method-assign]
