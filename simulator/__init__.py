"""Simulated Telegram: the Bot API over HTTP on loopback, as strict as the real one.

async with Simulator() as telegram:
    # Start a bot here, with telegram.token and telegram.url.
    ana = telegram.person("Ana")
    await ana.writes("/start")
    await ana.taps("Yes")
    await ana.sees("Thank you")

More is in README.md.
"""

from simulator.chats import Message, User
from simulator.errors import SimulatorError
from simulator.faults import Fault, Faults
from simulator.person import Person
from simulator.rate_limits import RateLimits, Stars
from simulator.server import Simulator

__all__ = [
    "Fault",
    "Faults",
    "Message",
    "Person",
    "RateLimits",
    "Simulator",
    "SimulatorError",
    "Stars",
    "User",
]
