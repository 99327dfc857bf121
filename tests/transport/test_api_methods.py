import pytest

from bot.transport.api_methods import NEVER_REPEATED, UNCOUNTED, is_repeatable, makes_message


@pytest.mark.parametrize(
    "method",
    ["sendMessage", "sendPhoto", "sendDocument", "copyMessage", "forwardMessage", "copyMessages"],
)
def test_what_puts_a_message_into_a_chat_makes_one(method: str) -> None:
    assert makes_message(method)


@pytest.mark.parametrize(
    "method",
    [
        "editMessageText",
        "deleteMessage",
        "deleteMessages",
        "answerCallbackQuery",
        "sendChatAction",
        "setMyCommands",
        "getUpdates",
        "pinChatMessage",
    ],
)
def test_what_changes_or_asks_makes_none(method: str) -> None:
    assert not makes_message(method)


@pytest.mark.parametrize("method", ["sendMessage", "copyMessage", "forwardMessage"])
def test_what_makes_a_message_is_never_repeated_unseen(method: str) -> None:
    assert makes_message(method)
    assert not is_repeatable(method)


@pytest.mark.parametrize("method", sorted(NEVER_REPEATED))
def test_what_the_intake_accounts_for_is_not_repeated_here(method: str) -> None:
    assert not is_repeatable(method)


@pytest.mark.parametrize("method", sorted(UNCOUNTED))
def test_what_telegram_does_not_count_makes_no_message(method: str) -> None:
    assert not makes_message(method)
