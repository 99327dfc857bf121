"""Telegram's answers as the bytes of HTTP responses."""

import time
from typing import Any
from urllib.parse import unquote_plus

import orjson

_BOT = {"is_bot": True, "first_name": "Petición", "username": "peticion_bot"}
_REASONS = {
    200: "OK",
    400: "Bad Request",
    401: "Unauthorized",
    403: "Forbidden",
    404: "Not Found",
    429: "Too Many Requests",
    500: "Internal Server Error",
    502: "Bad Gateway",
}
# Encoded texts in the cache; a broadcast has one for each language.
_TEXTS_KEPT = 64


def http_response(status: int, body: bytes) -> bytes:
    """Returns an HTTP response that keeps the connection open."""
    return (
        b"HTTP/1.1 %d %s\r\nContent-Type: application/json\r\n"
        b"Content-Length: %d\r\nConnection: keep-alive\r\n\r\n%s"
        % (status, _REASONS[status].encode(), len(body), body)
    )


def error_response(status: int, description: str, retry_after: int | None = None) -> bytes:
    """Returns an error of the Bot API; `retry_after` is in seconds."""
    said: dict[str, Any] = {"ok": False, "error_code": status, "description": description}
    if retry_after is not None:
        said["parameters"] = {"retry_after": retry_after}
    return http_response(status, orjson.dumps(said))


def result_response(result: object) -> bytes:
    """Returns a result of the Bot API."""
    return http_response(200, orjson.dumps({"ok": True, "result": result}))


class Responses:
    """Answers to one bot, with rising message numbers."""

    def __init__(self, token: str) -> None:
        self._me = {"id": int(token.partition(":")[0]), **_BOT}
        self._from = orjson.dumps(self._me)
        self._texts: dict[bytes, bytes] = {}
        self.last_message = 0

    def me(self) -> bytes:
        """Returns the answer to getMe."""
        may = {"can_join_groups": True, "can_read_all_group_messages": False}
        return result_response({**self._me, **may, "supports_inline_queries": False})

    def message(self, chat: int, text: bytes, *, encoded: bool) -> bytes:
        """Returns the answer with a new message; an `encoded` text is still URL-encoded."""
        self.last_message += 1
        body = (
            b'{"ok":true,"result":{"message_id":%d,"from":%s,"chat":{"id":%d,'
            b'"first_name":"Ana","type":"private"},"date":%d,"text":%s}}'
            % (self.last_message, self._from, chat, time.time(), self._quoted(text, encoded))
        )
        return http_response(200, body)

    def copy(self) -> bytes:
        """Returns the answer to copyMessage."""
        self.last_message += 1
        return http_response(200, b'{"ok":true,"result":{"message_id":%d}}' % self.last_message)

    def copies(self, number: int) -> bytes:
        """Returns the answer to copyMessages for this number of messages."""
        first, self.last_message = self.last_message + 1, self.last_message + number
        return result_response([{"message_id": first + index} for index in range(number)])

    def _quoted(self, text: bytes, encoded: bool) -> bytes:
        known = self._texts.get(text)
        if known is None:
            if len(self._texts) >= _TEXTS_KEPT:
                self._texts.clear()
            plain = unquote_plus(text.decode()) if encoded else text.decode()
            known = self._texts[text] = orjson.dumps(plain)
        return known
