"""Broadcasts: one message to many recipients, sent at the permitted rate, with every outcome."""

from bot.broadcast.open_claims import OpenClaims
from bot.broadcast.reporter import Reporter
from bot.broadcast.timing import Timing
from bot.broadcast.worker import Worker

__all__ = ["OpenClaims", "Reporter", "Timing", "Worker"]
