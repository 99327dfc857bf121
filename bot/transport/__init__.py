"""Telegram out: the shared HTTP session, the rate gate, and errors sorted by remedy."""

from bot.transport.client import TelegramClient, Upload
from bot.transport.gate import Gate, Lane
from bot.transport.outcome import Remedy, remedy, seconds_to_wait
from bot.transport.request import SharedRequest
from bot.transport.session import SharedSession

__all__ = [
    "Gate",
    "Lane",
    "Remedy",
    "SharedRequest",
    "SharedSession",
    "TelegramClient",
    "Upload",
    "remedy",
    "seconds_to_wait",
]
