"""Reads the parameters of a method from an HTTP request.

Telegram takes parameters from the query string, a form, a multipart form or a JSON body, and
reads them all as strings; a value that is not a string is read as its JSON. It ignores
unknown parameters and guesses unreadable ones. Here both are refused and the parameter is
named: a misspelt one is a bug that Telegram would hide.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum
from pathlib import PurePosixPath
from types import MappingProxyType, UnionType
from typing import Any, Self
from urllib.parse import parse_qsl

import orjson
from aiohttp import web

from simulator.errors import Refused, bad_request

Params = dict[str, Any]
"""Decoded parameters: integers, strings, booleans, lists, objects and uploads."""


def names(words: str) -> frozenset[str]:
    """Returns the names in a line, as the tables of methods, parameters and kinds have them."""
    return frozenset(words.split())


class ParameterKind(Enum):
    """The kind of a parameter, with the words that describe it in an error."""

    INTEGER = "an Integer"
    TEXT = "a String"
    FLAG = "a Boolean"
    LIST = "a JSON-serialized Array"
    OBJECT = "a JSON-serialized Object"
    MEDIA = "a JSON-serialized Object with uploads"
    FILE = "an uploaded file, a file identifier or an HTTP URL"


@dataclass(frozen=True, slots=True)
class Method:
    """A method, by its name as Telegram spells it, and its parameters."""

    name: str
    required: tuple[str, ...]
    parameters: frozenset[str]

    @classmethod
    def declared(cls, name: str, parameters: str) -> Self:
        """Returns a method by a line of its parameters, with "!" after each required one."""
        words = names(parameters)
        required = tuple(sorted(word[:-1] for word in words if word.endswith("!")))
        return cls(name, required, frozenset(word.removesuffix("!") for word in words))


@dataclass(frozen=True, slots=True)
class UploadedFile:
    """A file uploaded with the request."""

    name: str
    content: bytes

    def __repr__(self) -> str:
        return f"UploadedFile({self.name!r}, {len(self.content)} bytes)"


Uploads = Mapping[str, UploadedFile]
"""The uploaded files of a request, by the names of their parts."""


_KINDS = {
    ParameterKind.INTEGER: (
        "chat_id from_chat_id message_id message_thread_id direct_messages_topic_id offset limit"
        " timeout cache_time max_connections video_start_timestamp reply_to_message_id"
    ),
    ParameterKind.FLAG: (
        "disable_notification protect_content allow_paid_broadcast disable_web_page_preview"
        " allow_sending_without_reply show_caption_above_media has_spoiler show_alert"
        " disable_content_type_detection remove_caption drop_pending_updates"
    ),
    ParameterKind.LIST: "entities caption_entities message_ids commands allowed_updates",
    ParameterKind.OBJECT: (
        "link_preview_options suggested_post_parameters reply_parameters reply_markup scope"
    ),
    ParameterKind.MEDIA: "media",
    ParameterKind.FILE: "photo document thumbnail certificate",
}
KINDS: Mapping[str, ParameterKind] = MappingProxyType(
    {name: kind for kind, words in _KINDS.items() for name in names(words)}
)
"""The kind of every parameter that is not plain text, by its name."""
_WRITTEN_AS_JSON = (ParameterKind.LIST, ParameterKind.OBJECT, ParameterKind.MEDIA)
_TYPES: Mapping[ParameterKind, type | UnionType] = {
    ParameterKind.TEXT: str,
    ParameterKind.LIST: list,
    ParameterKind.OBJECT: dict,
    ParameterKind.FILE: str | UploadedFile,
}
_FLAGS = dict.fromkeys(("true", "1", "yes"), True) | dict.fromkeys(("false", "0", "no", ""), False)


async def read_request(request: web.BaseRequest) -> Params:
    """Returns a request's parameters, not yet decoded; refuses what is too large or no JSON."""
    try:
        return await _received(request)
    except web.HTTPRequestEntityTooLarge as error:
        raise Refused(413, "Request Entity Too Large") from error


async def _received(request: web.BaseRequest) -> Params:
    query = request.query_string
    raw: Params = dict(parse_qsl(query, keep_blank_values=True)) if query else {}
    if request.method != "POST" or not request.body_exists:
        return raw
    if request.content_type == "application/json":
        return raw | _json_body(await request.read())
    if request.content_type == "application/x-www-form-urlencoded":
        body = (await request.read()).decode("utf-8", "replace")
        return raw | dict(parse_qsl(body, keep_blank_values=True))
    if request.content_type == "multipart/form-data":
        return raw | await _multipart(request)
    return raw


def _json_body(body: bytes) -> Params:
    try:
        found = orjson.loads(body) if body else {}
    except orjson.JSONDecodeError as error:
        raise bad_request(f"can't parse request JSON: {error}") from error
    if not isinstance(found, dict):
        raise bad_request("JSON object expected")
    return {name: value for name, value in found.items() if value is not None}


async def _multipart(request: web.BaseRequest) -> Params:
    form = await request.post()
    found: Params = {}
    for name, value in form.items():
        if isinstance(value, web.FileField):
            found[name] = UploadedFile(PurePosixPath(value.filename).name, value.file.read())
            value.file.close()
        else:
            found[name] = value if isinstance(value, str) else value.decode("utf-8", "replace")
    return found


def decode(method: Method, raw: Mapping[str, Any]) -> Params:
    """Decodes raw parameters to their kinds; refuses missing, unreadable and unknown ones."""
    uploads = {name: value for name, value in raw.items() if isinstance(value, UploadedFile)}
    params: Params = {}
    for name, value in raw.items():
        if name in method.parameters:
            params[name] = decode_value(name, value, uploads)
        elif not _is_attached(name, raw):
            raise bad_request(f'unknown parameter "{name}" in {method.name}')
    for name in method.required:
        if params.get(name) in (None, ""):
            raise _missing(name)
    return params


def decode_value(name: str, value: Any, uploads: Uploads) -> Any:
    """Decodes a value to what `KINDS` has for its name; refuses other kinds."""
    kind = KINDS.get(name, ParameterKind.TEXT)
    if isinstance(value, str) and kind in _WRITTEN_AS_JSON:
        value = _json(name, value, kind)
    found = _decoded(kind, value, uploads)
    if found is None:
        raise bad_request(f'parameter "{name}" must be {kind.value}')
    return found


def resolve_attachment(reference: object, uploads: Uploads) -> object:
    """Returns the upload that `attach://name` refers to; other references as they are."""
    if isinstance(reference, str) and reference.startswith("attach://"):
        found = uploads.get(reference.removeprefix("attach://"))
        if found is None:
            raise bad_request("wrong file identifier/HTTP URL specified")
        return found
    return reference


def _is_attached(name: str, raw: Mapping[str, Any]) -> bool:
    if not isinstance(raw[name], UploadedFile):
        return False
    mark = f"attach://{name}"
    return any(value == mark or mark in str(value) for key, value in raw.items() if key != name)


def _missing(name: str) -> Refused:
    words = {
        "text": "message text is empty",
        "chat_id": "chat_id is empty",
        "from_chat_id": "from_chat_id is empty",
        "message_id": "message identifier is not specified",
        "message_ids": "message identifiers are not specified",
    }
    if name in ("photo", "document"):
        return bad_request(f"there is no {name.replace('_', ' ')} in the request")
    return bad_request(words.get(name, f'parameter "{name}" is required'))


def _json(name: str, value: str, kind: ParameterKind) -> Any:
    if not value:
        return [] if kind is ParameterKind.LIST else {}
    try:
        return orjson.loads(value)
    except orjson.JSONDecodeError as error:
        raise bad_request(f"can't parse {name} JSON object") from error


def _decoded(kind: ParameterKind, value: Any, uploads: Uploads) -> Any:
    """Returns the value as this kind; None when it is of another one."""
    match kind:
        case ParameterKind.INTEGER:
            return _whole_number(value)
        case ParameterKind.FLAG:
            return value if isinstance(value, bool) else _FLAGS.get(str(value).strip().lower())
        case ParameterKind.MEDIA:
            return _with_uploads(value, uploads)
        case ParameterKind.FILE:
            value = resolve_attachment(value, uploads)
    return value if isinstance(value, _TYPES[kind]) else None


def _whole_number(value: Any) -> int | None:
    if isinstance(value, int) and not isinstance(value, bool):
        return value
    text = value.strip() if isinstance(value, str) else ""
    digits = text.removeprefix("-")
    return int(text) if digits.isascii() and digits.isdigit() else None


def _with_uploads(shape: Any, uploads: Uploads) -> Params:
    """Returns one InputMedia with the uploads it refers to."""
    if not isinstance(shape, dict):
        raise bad_request("can't parse InputMedia: expected an Object")
    try:
        return {key: resolve_attachment(item, uploads) for key, item in shape.items()}
    except Refused as refusal:
        raise bad_request("can't parse InputMedia: media not found") from refusal
