"""Simulated Telegram: the Bot API over HTTP on loopback, as strict as the real one.

async with Simulator(token="1:…") as telegram:
    ana = telegram.world.person("Ana")
    ana.start()
    await ana.sees("Hola")
    telegram.clock.move(48 * 3600)
"""

from bot.simulator.call_log import CallLog, RecordedCall
from bot.simulator.chats import Chat, Event, InlineButton, Media, Message, User
from bot.simulator.errors import SimulatorError
from bot.simulator.faults import Fault, Faults
from bot.simulator.person import Person
from bot.simulator.rate_limits import RateLimits, Stars
from bot.simulator.server import Clock, Simulator
from bot.simulator.taps import Answer, Tap
from bot.simulator.world import World

__all__ = [
    "Answer",
    "CallLog",
    "Chat",
    "Clock",
    "Event",
    "Fault",
    "Faults",
    "InlineButton",
    "Media",
    "Message",
    "Person",
    "RateLimits",
    "RecordedCall",
    "Simulator",
    "SimulatorError",
    "Stars",
    "Tap",
    "User",
    "World",
]
