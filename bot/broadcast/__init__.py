"""Broadcasts: one message to many recipients, sent at the permitted rate, with every outcome."""

from bot.broadcast.context import Durations, Reporter, WorkerContext
from bot.broadcast.open_claims import OpenClaims
from bot.broadcast.worker import Worker

__all__ = ["Durations", "OpenClaims", "Reporter", "Worker", "WorkerContext"]
