"""The bot's balance of Telegram Stars."""

from bot.simulator.chats import Shape

_PARTS = 1_000_000_000
"""Telegram counts in billionths of a Star."""


class Stars:
    """A balance in Stars; can be set at any time."""

    __slots__ = ("_parts",)

    def __init__(self, balance: float = 0) -> None:
        self._parts = round(balance * _PARTS)

    @property
    def balance(self) -> float:
        """The balance in Stars, with fractions."""
        return self._parts / _PARTS

    @balance.setter
    def balance(self, balance: float) -> None:
        self._parts = round(balance * _PARTS)

    def pay(self, price: float) -> None:
        """Takes this many Stars from the balance."""
        self._parts -= round(price * _PARTS)

    def shape(self) -> Shape:
        """Returns the balance as a StarAmount."""
        whole, parts = divmod(self._parts, _PARTS)
        return {"amount": whole, "nanostar_amount": parts} if parts else {"amount": whole}
