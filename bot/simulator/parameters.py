"""Reads the parameters of a method from an HTTP request.

Telegram takes parameters from the query string, a form, a multipart form or a JSON body, and
reads them all as strings; a value that is not a string is read as its JSON. It ignores
unknown parameters and guesses unreadable ones. Here both are refused and the parameter is
named: a misspelt one is a bug that Telegram would hide.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import Enum
from pathlib import PurePosixPath
from types import MappingProxyType
from typing import Any, Self
from urllib.parse import parse_qsl

import orjson
from aiohttp import web

from bot.simulator.errors import Refused, bad_request
from bot.simulator.media_kinds import FILE_KINDS

Params = dict[str, Any]
"""Decoded parameters: integers, strings, booleans, lists, objects and uploads."""


class ParameterKind(Enum):
    """The kind of a parameter, with the words that describe it in an error."""

    INTEGER = "an Integer"
    TEXT = "a String"
    FLAG = "a Boolean"
    CHAT = "an Integer or a String starting with @"
    LIST = "a JSON-serialized Array"
    OBJECT = "a JSON-serialized Object"
    MEDIA = "a JSON-serialized Object, or an Array of them"
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
        words = parameters.split()
        required = tuple(sorted(word[:-1] for word in words if word.endswith("!")))
        return cls(name, required, frozenset(word.removesuffix("!") for word in words))


@dataclass(frozen=True, slots=True)
class UploadedFile:
    """A file uploaded with the request."""

    name: str
    content: bytes

    def __repr__(self) -> str:
        return f"UploadedFile({self.name!r}, {len(self.content)} bytes)"


_KINDS = {
    ParameterKind.INTEGER: (
        "message_id message_thread_id direct_messages_topic_id offset limit timeout"
        " cache_time max_connections video_start_timestamp reply_to_message_id duration width"
        " height length start_timestamp"
    ),
    ParameterKind.FLAG: (
        "disable_notification protect_content allow_paid_broadcast disable_web_page_preview"
        " allow_sending_without_reply show_caption_above_media has_spoiler show_alert"
        " disable_content_type_detection remove_caption drop_pending_updates"
        " supports_streaming"
    ),
    ParameterKind.CHAT: "chat_id from_chat_id",
    ParameterKind.LIST: "entities caption_entities message_ids commands allowed_updates",
    ParameterKind.OBJECT: (
        "link_preview_options suggested_post_parameters reply_parameters reply_markup scope"
    ),
    ParameterKind.MEDIA: "media",
    ParameterKind.FILE: (
        "photo document video animation audio voice video_note sticker thumbnail cover certificate"
    ),
}
KINDS: Mapping[str, ParameterKind] = MappingProxyType(
    {name: kind for kind, names in _KINDS.items() for name in names.split()}
)
"""The kind of every parameter that is not plain text, by its name."""
_KINDS_IN_ONE_METHOD = {("setMyProfilePhoto", "photo"): ParameterKind.MEDIA}
"""Where a name means something else than in all the other methods."""


async def read_request(request: web.BaseRequest) -> Params:
    """Returns all parameters of a request, not yet decoded.

    Raises:
        Refused: the body is too large or is invalid JSON.
    """
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
    """Decodes raw parameters to the kinds that the method declares.

    Raises:
        Refused: a parameter is missing, of another kind or unknown.
    """
    uploads = {name: value for name, value in raw.items() if isinstance(value, UploadedFile)}
    params: Params = {}
    for name, value in raw.items():
        kind = _KINDS_IN_ONE_METHOD.get((method.name, name))
        if kind is not None:
            params[name] = _DECODERS[kind](name, value, uploads)
        elif name in method.parameters:
            params[name] = decode_value(name, value, uploads)
        elif not _is_attached(name, raw):
            raise bad_request(f'unknown parameter "{name}" in {method.name}')
    for name in method.required:
        if params.get(name) in (None, ""):
            raise _missing(name)
    return params


def decode_value(name: str, value: Any, uploads: Mapping[str, UploadedFile]) -> Any:
    """Decodes one value to the kind that `KINDS` declares for its name.

    Raises:
        Refused: it is of another kind.
    """
    return _DECODERS[KINDS.get(name, ParameterKind.TEXT)](name, value, uploads)


def resolve_attachment(reference: object, uploads: Mapping[str, UploadedFile]) -> object:
    """Returns the upload that `attach://name` refers to; other references as they are.

    Raises:
        Refused: there is no upload of that name.
    """
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


_FILES = ("photo", *FILE_KINDS)


def _missing(name: str) -> Refused:
    words = {
        "text": "message text is empty",
        "chat_id": "chat_id is empty",
        "from_chat_id": "from_chat_id is empty",
        **{kind: f"there is no {kind.replace('_', ' ')} in the request" for kind in _FILES},
        "message_id": "message identifier is not specified",
        "message_ids": "message identifiers are not specified",
        "action": "wrong parameter action in request",
    }
    return bad_request(words.get(name, f'parameter "{name}" is required'))


def _wrong(name: str, kind: ParameterKind) -> Refused:
    return bad_request(f'parameter "{name}" must be {kind.value}')


def _whole_number(value: Any) -> int | None:
    if isinstance(value, int) and not isinstance(value, bool):
        return value
    text = value.strip() if isinstance(value, str) else ""
    digits = text.removeprefix("-")
    return int(text) if digits.isascii() and digits.isdigit() else None


def _integer(name: str, value: Any, uploads: Mapping[str, UploadedFile]) -> int:
    if (number := _whole_number(value)) is None:
        raise _wrong(name, ParameterKind.INTEGER)
    return number


def _text(name: str, value: Any, uploads: Mapping[str, UploadedFile]) -> str:
    if not isinstance(value, str):
        raise _wrong(name, ParameterKind.TEXT)
    return value


def _flag(name: str, value: Any, uploads: Mapping[str, UploadedFile]) -> bool:
    if isinstance(value, bool):
        return value
    text = str(value).strip().lower()
    if text not in ("true", "false", "1", "0", "yes", "no", ""):
        raise _wrong(name, ParameterKind.FLAG)
    return text in ("true", "1", "yes")


def _chat(name: str, value: Any, uploads: Mapping[str, UploadedFile]) -> int | str:
    if (number := _whole_number(value)) is not None:
        return number
    text = value.strip() if isinstance(value, str) else ""
    if text and not text.startswith("@"):
        raise _wrong(name, ParameterKind.CHAT)
    return text


def _json(name: str, value: Any) -> Any:
    if not isinstance(value, str):
        return value
    try:
        return orjson.loads(value)
    except orjson.JSONDecodeError as error:
        raise bad_request(f"can't parse {name} JSON object") from error


def _list(name: str, value: Any, uploads: Mapping[str, UploadedFile]) -> list[Any]:
    found = _json(name, value) if value != "" else []
    if not isinstance(found, list):
        raise _wrong(name, ParameterKind.LIST)
    return found


def _object(name: str, value: Any, uploads: Mapping[str, UploadedFile]) -> Params:
    found = _json(name, value) if value != "" else {}
    if not isinstance(found, dict):
        raise _wrong(name, ParameterKind.OBJECT)
    return found


def _media(name: str, value: Any, uploads: Mapping[str, UploadedFile]) -> object:
    """Decodes one InputMedia or a list of them, with the uploads they refer to."""
    found = _json(name, value) if value != "" else {}
    if isinstance(found, list):
        return [_with_uploads(item, uploads) for item in found]
    return _with_uploads(found, uploads)


def _with_uploads(shape: Any, uploads: Mapping[str, UploadedFile]) -> Params:
    if not isinstance(shape, dict):
        raise bad_request("can't parse InputMedia: expected an Object")
    try:
        return {key: resolve_attachment(item, uploads) for key, item in shape.items()}
    except Refused as refusal:
        raise bad_request("can't parse InputMedia: media not found") from refusal


def _file(name: str, value: Any, uploads: Mapping[str, UploadedFile]) -> object:
    found = resolve_attachment(value, uploads)
    if not isinstance(found, str | UploadedFile):
        raise _wrong(name, ParameterKind.FILE)
    return found


_Decoder = Callable[[str, Any, Mapping[str, UploadedFile]], Any]
_DECODERS: Mapping[ParameterKind, _Decoder] = {
    ParameterKind.INTEGER: _integer,
    ParameterKind.TEXT: _text,
    ParameterKind.FLAG: _flag,
    ParameterKind.CHAT: _chat,
    ParameterKind.LIST: _list,
    ParameterKind.OBJECT: _object,
    ParameterKind.MEDIA: _media,
    ParameterKind.FILE: _file,
}
