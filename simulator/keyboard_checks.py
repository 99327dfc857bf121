"""The checks of inline keyboards."""

from collections.abc import Mapping
from typing import Any

from simulator.errors import Refused, bad_request
from simulator.parameters import names
from telegram_text.markup import length, link

_BUTTONS = 100
_IN_A_ROW = 8
_ACTIONS = names(
    "callback_data callback_game copy_text login_url pay switch_inline_query url web_app"
    " switch_inline_query_chosen_chat switch_inline_query_current_chat"
)
_LOOKS = frozenset({"text", "style", "icon_custom_emoji_id"})
_STYLES = frozenset({"danger", "success", "primary"})
_COPIED = 256  # characters that a button can copy, at most

Markup = Mapping[str, Any]
"""A reply markup as it is stored with a message."""


def checked_markup(markup: Markup | None) -> Markup | None:
    """Returns the keyboard as Telegram keeps it, None when it is empty; refuses a wrong one."""
    if not markup:
        return None
    if "inline_keyboard" not in markup:
        raise bad_request("inline keyboard expected")  # the simulator has no reply keyboards
    if unknown := set(markup) - {"inline_keyboard"}:
        raise bad_request(f'unknown field "{min(unknown)}" in the reply markup')
    checked = [[_inline_button(button) for button in row] for row in _rows(markup)]
    return {"inline_keyboard": checked} if checked else None


def forwarded_markup(markup: Markup | None) -> Markup | None:
    """Returns the keyboard that a forward keeps: the same if it has only links, else None."""
    rows = (markup or {}).get("inline_keyboard", ())
    kept = rows and all("url" in button for row in rows for button in row)
    return markup if kept else None


def _rows(markup: Markup) -> list[list[Any]]:
    rows = markup["inline_keyboard"]
    if not isinstance(rows, list) or not all(isinstance(row, list) for row in rows):
        raise bad_request('field "inline_keyboard" must be an Array of Arrays')
    filled: list[list[Any]] = [row for row in rows if row]
    if any(len(row) > _IN_A_ROW for row in filled):
        raise bad_request(f"reply markup row is too long; {_IN_A_ROW} buttons are the most")
    if sum(map(len, filled)) > _BUTTONS:
        raise bad_request("reply markup is too long")
    return filled


def _unparsed(reason: str) -> Refused:
    return bad_request(f"can't parse inline keyboard button: {reason}")


def _inline_button(shape: Any) -> dict[str, Any]:
    if not isinstance(shape, dict):
        raise _unparsed("InlineKeyboardButton must be an Object")
    button: dict[str, Any] = {name: value for name, value in shape.items() if value is not None}
    _check_label(button)
    actions = set(button) & _ACTIONS
    if unknown := set(button) - _ACTIONS - _LOOKS:
        raise _unparsed(f'unknown field "{min(unknown)}"')
    if not actions:
        raise _unparsed("Text buttons are unallowed in the inline keyboard")
    if len(actions) > 1:
        raise _unparsed("exactly one action is allowed")
    if str(button.get("style", "primary")) not in _STYLES:
        raise _unparsed("invalid button style specified")
    if "copy_text" in actions:
        _check_copied(button["copy_text"])
    if "callback_data" in actions:
        _check_data(button["callback_data"])
    if "url" in actions:
        return button | {"url": _checked_url(button["url"])}
    return button


def _check_label(button: Mapping[str, Any]) -> None:
    label = button.get("text")
    if not isinstance(label, str):
        raise _unparsed('Field "text" must be of type String')
    if not label.strip():
        raise bad_request("inline keyboard button text must be non-empty")


def _check_data(data: Any) -> None:
    if not isinstance(data, str):
        raise _unparsed('Field "callback_data" must be of type String')
    if not 1 <= len(data.encode()) <= 64:
        raise bad_request("BUTTON_DATA_INVALID")


def _check_copied(copied: Any) -> None:
    if not isinstance(copied, dict) or not isinstance(copied.get("text"), str):
        raise _unparsed('Field "copy_text" must be a CopyTextButton')
    if unknown := set(copied) - {"text"}:
        raise _unparsed(f'unknown field "{min(unknown)}" in CopyTextButton')
    if not 1 <= length(copied["text"]) <= _COPIED:
        raise bad_request("BUTTON_COPY_TEXT_INVALID")


def _checked_url(url: Any) -> str:
    if not isinstance(url, str):
        raise _unparsed('Field "url" must be of type String')
    found = link(url)
    if found is None:
        is_http = url.lower().startswith(("http://", "https://"))
        wrong = "Unsupported URL protocol" if "://" in url and not is_http else "Wrong URL"
        raise bad_request(f"inline keyboard button URL '{url}' is invalid: {wrong}")
    return found if "://" not in url else url
