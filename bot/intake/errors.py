"""The exceptions between the intake and the code around it."""


class TryAgain(Exception):
    """Raised by a handler when an update cannot be handled now, but can be later."""


class TokenUnknown(Exception):
    """Telegram does not know the token in PETITION_BOT_TOKEN; @BotFather shows the right one."""

    def __init__(self) -> None:
        super().__init__(" ".join((self.__doc__ or "").split()))
