"""Addresses in settings: of servers, and where the bot listens itself."""

import os
import re
from typing import NamedTuple
from urllib.parse import urlsplit

from bot.text.terminal_language import TerminalError, label
from bot.text.translations import mark

LOOPBACK = "127.0.0.1"
WEBHOOK_FAILS = mark("Telegram no consigue entregar los mensajes en {url}, y dice: {said}")


class ListenAddress(NamedTuple):
    """Where a server of the bot's own listens."""

    host: str
    port: int


class CannotListen(TerminalError):
    """The address of a setting is another program's, or is not this machine's."""

    def __init__(self, setting: str, address: ListenAddress, error: OSError) -> None:
        number = error.errno or 0  # below 0 where a name is not found
        reason = label(os.strerror(number)) if number > 0 else error.strerror or "?"
        super().__init__(
            label(
                "El bot no puede escuchar en {address}, como dice {setting}: {reason}",
                address=f"{address.host}:{address.port}",
                setting=setting,
                reason=reason,
            )
        )


def checked_address(value: str) -> str:
    """Returns the address of a server of HTTP; raises ValueError where it has more than that."""
    parts = urlsplit(value)
    if parts.scheme not in ("http", "https") or not parts.hostname or "@" in parts.netloc:
        raise ValueError
    if any(mark in value for mark in "?# \t\n"):
        raise ValueError
    parts.hostname.encode("idna")  # raises a ValueError for what can be no name, as does this:
    _ = parts.port
    return value.rstrip("/")


def checked_listen_address(value: object) -> object:
    """Returns what a text like host:port says, :port being loopback; or raises ValueError."""
    if not isinstance(value, str):
        return value
    found = re.fullmatch(r"(|\[[0-9a-fA-F:.]+\]|[\w.-]+):([0-9]{1,5})", value.strip())
    if found is None or int(found[2]) >= 2**16:
        raise ValueError
    host = found[1].strip("[]") or LOOPBACK
    host.encode("idna")  # raises a ValueError for what can be no name
    return ListenAddress(host, int(found[2]))


def checked_webhook_url(value: str) -> str:
    """Returns the address of a webhook; raises ValueError where it is none."""
    parts = urlsplit(checked_address(value))
    if parts.scheme == "http" and parts.hostname not in ("127.0.0.1", "::1", "localhost"):
        raise ValueError  # what people write would be readable on its way
    return value


def webhook_host(url: str) -> str:
    """Returns where a webhook is, without its path, in which some people put the token."""
    return "/".join(url.split("/")[:3])
