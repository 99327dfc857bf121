"""A page for the browser on which the chats of a simulator stand and can be lived through."""

from bot.simulator.page.address import LOOPBACK, others_can_reach
from bot.simulator.page.page_state import View
from bot.simulator.page.server import Order, Page

__all__ = ["LOOPBACK", "Order", "Page", "View", "others_can_reach"]
