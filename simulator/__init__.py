"""Simulated Telegram: the Bot API over HTTP on loopback, as strict as the real one.

async with Simulator(token="1:…") as telegram:
    ana = telegram.world.person("Ana")
    ana.start()
    await ana.sees("Hola")
    telegram.clock.move(48 * 3600)
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
