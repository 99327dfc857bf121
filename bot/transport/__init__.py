"""Telegram out: the shared HTTP session, the rate gate, and errors sorted by remedy."""

from bot.transport.error_kinds import ErrorKind, error_kind, seconds_to_wait
from bot.transport.http1.session import SharedSession
from bot.transport.ptb_request import SharedRequest
from bot.transport.raw_client import TelegramClient, Upload
from bot.transport.send_gate import Gate, Lane

__all__ = [
    "ErrorKind",
    "Gate",
    "Lane",
    "SharedRequest",
    "SharedSession",
    "TelegramClient",
    "Upload",
    "error_kind",
    "seconds_to_wait",
]
