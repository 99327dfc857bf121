"""What the intake and the handlers tell each other with exceptions."""


class TryAgain(Exception):
    """The update could not be handled just now; the same update will work later."""


class TokenUnknown(Exception):
    """Telegram does not know the token in PETITION_BOT_TOKEN; @BotFather shows the right one."""

    def __init__(self) -> None:
        super().__init__(" ".join((self.__doc__ or "").split()))
