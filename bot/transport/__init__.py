"""Calls to Telegram: the shared HTTP session, the send gate, and the error kinds."""

from bot.transport.client import TelegramClient
from bot.transport.error_kinds import ErrorKind, error_kind, seconds_to_wait
from bot.transport.errors import NotSent
from bot.transport.send_gate import Gate, Lane
from bot.transport.session import SharedSession, Upload

__all__ = [
    "ErrorKind",
    "Gate",
    "Lane",
    "NotSent",
    "SharedSession",
    "TelegramClient",
    "Upload",
    "error_kind",
    "seconds_to_wait",
]
