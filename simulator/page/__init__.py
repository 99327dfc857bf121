"""A web page that shows the chats of a simulator and lets a visitor act for its people."""

from simulator.page.files import Addition
from simulator.page.other_sites import LOOPBACK
from simulator.page.page_state import PageState
from simulator.page.server import BotCommand, SimulatorPage

__all__ = ["LOOPBACK", "Addition", "BotCommand", "PageState", "SimulatorPage"]
