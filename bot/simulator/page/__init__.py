"""A web page that shows the chats of a simulator and lets a visitor act for its people."""

from bot.simulator.page.address import LOOPBACK, others_can_reach
from bot.simulator.page.folder_editor import FolderEditor
from bot.simulator.page.page_state import PageState
from bot.simulator.page.server import BotCommand, DemoPage

__all__ = ["LOOPBACK", "BotCommand", "DemoPage", "FolderEditor", "PageState", "others_can_reach"]
