"""A web page that shows the chats of a simulator and lets a visitor act for its people."""

from bot.simulator.page.address import LOOPBACK, others_can_reach
from bot.simulator.page.page_state import View
from bot.simulator.page.server import DemoPage, Order

__all__ = ["LOOPBACK", "DemoPage", "Order", "View", "others_can_reach"]
