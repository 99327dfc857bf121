"""The bot's Telegram Stars."""

from bot.simulator.api import Api
from bot.simulator.chats import Shape
from bot.simulator.parameters import Params


def get_balance(api: Api, params: Params) -> Shape:
    """Serves getMyStarBalance."""
    return api.world.stars.shape()
