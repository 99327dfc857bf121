"""An independent description of the Bot API: aiogram's models of its methods and answers.

The bot is built on python-telegram-bot and the simulator is this project's; neither proves the
other right.
"""

import json
import re
from collections.abc import Iterator, Mapping
from functools import cache
from typing import Any

from pydantic import BaseModel, RootModel, ValidationError

from simulator.parameters import UploadedFile
from tests.aiogram_models import build, methods, types


def request_faults(method: str, params: Mapping[str, Any]) -> list[str]:
    """What an outsider finds wrong with a request; empty when it is as Telegram documents it."""
    asked = _NUMBER.sub("0", f"{method} {params}")
    if asked not in _FAULTS:
        _FAULTS[asked] = _faults(method, params)
    return _FAULTS[asked]


_FAULTS: dict[str, list[str]] = {}
"""What was found; every bot asks the same when it starts, and much with other numbers later."""
_NUMBER = re.compile(r"[0-9a-f]{8,}|\d+")


def _faults(method: str, params: Mapping[str, Any]) -> list[str]:
    model = getattr(methods, method[:1].upper() + method[1:], None)
    if model is None:
        return [f"{method} is no method of the Bot API"]
    try:
        request = model.model_validate(
            {name: _given(name, value) for name, value in params.items()}
        )
    except ValidationError as error:
        return [f"{method}: {problem['loc']} {problem['msg']}" for problem in error.errors()]
    return [f"{method}: {name} is not a parameter" for name in strange(request)]


def _given(name: str, value: object) -> object:
    if name in _OBJECTS and isinstance(value, str):
        value = json.loads(value)  # a call that was cut before the simulator had read it
    if name == "callback_query_id" and not isinstance(value, str):
        value = json.dumps(value)  # of a mutated update; a server reads any value as a text
    return _with_files(value)


def _with_files(value: object) -> object:
    if isinstance(value, UploadedFile):
        return types.BufferedInputFile(value.content, filename=value.name)
    if isinstance(value, dict):
        return {key: _with_files(held) for key, held in value.items()}
    if isinstance(value, list):
        return [_with_files(held) for held in value]
    return value


_OBJECTS = frozenset(
    (
        *("reply_markup", "link_preview_options", "message_ids", "commands", "scope"),
        *("allowed_updates", "media", "entities", "caption_entities", "reply_parameters"),
    )
)


def answer_faults(method: str, result: object) -> list[str]:
    """What an outsider finds wrong with an answer to this method."""
    try:
        answer = _answers_to(method).model_validate(result).root
    except ValidationError as error:
        return [f"{method}: {problem['loc']} {problem['msg']}" for problem in error.errors()]
    return [f"{method}: {name} is not a field of its answer" for name in strange(answer)]


@cache
def _answers_to(method: str) -> type[RootModel[Any]]:
    model = getattr(methods, method[:1].upper() + method[1:])
    answer = RootModel[model.__returning__]  # type: ignore[name-defined]
    build(answer)
    return answer


def strange(value: object, path: str = "") -> Iterator[str]:
    """Every field that no model knows, at any depth."""
    if isinstance(value, BaseModel):
        yield from (f"{path}{name}" for name in value.model_extra or {})
        for name in type(value).model_fields:
            yield from strange(getattr(value, name), f"{path}{name}.")
    elif isinstance(value, list | tuple):
        for item in value:
            yield from strange(item, path)
