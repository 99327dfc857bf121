import pytest
from telegram.error import NetworkError, TelegramError

from bot.transport.errors import (
    ErrorKind,
    NotSent,
    RateLimited,
    ResponseLost,
    TelegramRefused,
    error_kind,
    seconds_to_wait,
)

DESCRIPTIONS = [
    (400, "Bad Request: message is not modified: specified new message content…", "UNCHANGED"),
    (400, "Bad Request: message to edit not found", "GONE"),
    (400, "Bad Request: message can't be edited", "GONE"),
    (400, "Bad Request: there is no text in the message to edit", "GONE"),
    (400, "Bad Request: message to delete not found", "GONE"),
    (400, "Bad Request: message can't be deleted for everyone", "GONE"),
    (400, "Bad Request: MESSAGE_ID_INVALID", "GONE"),
    (400, "Bad Request: query is too old and response timeout expired", "EXPIRED"),
    (400, "Bad Request: chat not found", "UNREACHABLE"),
    (400, "Bad Request: PEER_ID_INVALID", "UNREACHABLE"),
    (400, "Bad Request: group chat was upgraded to a supergroup chat", "UNREACHABLE"),
    (403, "Forbidden: bot was blocked by the user", "UNREACHABLE"),
    (403, "Forbidden: user is deactivated", "UNREACHABLE"),
    (400, "Bad Request: user restricted receiving of voice messages", "FORBIDDEN"),
    (400, "Bad Request: VOICE_MESSAGES_FORBIDDEN", "FORBIDDEN"),
    (403, "Forbidden: VOICE_MESSAGES_FORBIDDEN", "FORBIDDEN"),
    (400, "Bad Request: CHAT_SEND_ROUNDVIDEOS_FORBIDDEN", "FORBIDDEN"),
    (400, "Bad Request: PRIVACY_PREMIUM_REQUIRED", "UNREACHABLE"),
    (400, "Bad Request: ALLOW_PAYMENT_REQUIRED", "UNREACHABLE"),
    (400, "Bad Request: CHAT_RESTRICTED", "UNREACHABLE"),
    (400, "Bad Request: have no write access to the chat", "UNREACHABLE"),
    (403, "Forbidden: bot can't initiate conversation with a user", "UNREACHABLE"),
    (400, "Bad Request: can't parse entities: Unsupported start tag", "CONTENT"),
    (400, "Bad Request: message is too long", "CONTENT"),
    (400, "Bad Request: message to copy not found", "CONTENT"),
    (413, "Request Entity Too Large", "CONTENT"),
    (401, "Unauthorized", "UNAUTHORISED"),
    (404, "Not Found", "UNAUTHORISED"),
    (404, "Not Found: method not found", "CONTENT"),
    (409, "Conflict: terminated by other getUpdates request", "CONFLICT"),
    (500, "Internal Server Error", "RETRY"),
    (502, "Bad Gateway", "RETRY"),
    (504, "Gateway Timeout", "UNKNOWN"),
]


@pytest.mark.parametrize(("status", "description", "name"), DESCRIPTIONS)
def test_every_answer_has_its_remedy(status: int, description: str, name: str) -> None:
    assert error_kind(TelegramRefused(status, description)) is ErrorKind[name]


@pytest.mark.parametrize(
    ("error", "name"),
    [
        (RateLimited(3), "WAIT"),
        (NotSent("x"), "RETRY"),
        (ResponseLost("x"), "UNKNOWN"),
        (NetworkError("Bad Gateway"), "RETRY"),
        (TelegramError("x"), "CONTENT"),
    ],
)
def test_every_kind_of_error_has_its_remedy(error: Exception, name: str) -> None:
    assert error_kind(error) is ErrorKind[name]


def test_a_bug_of_ours_is_not_taken_for_an_error_of_telegrams() -> None:
    with pytest.raises(TypeError, match="KeyError"):
        error_kind(KeyError("x"))


def test_the_wait_is_told_for_a_flood_and_for_nothing_else() -> None:
    assert seconds_to_wait(RateLimited(2.5)) == 2.5
    assert seconds_to_wait(TelegramRefused(400, "x")) == 0
    assert seconds_to_wait(NotSent("x")) == 0
