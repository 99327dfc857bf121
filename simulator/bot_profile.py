"""The bot's public profile: descriptions and commands."""

Scope = tuple[str, int]
"""Kind of scope and chat; zero where the kind has none."""


class Profile:
    """What people can see of a bot without writing to it, by language."""

    def __init__(self) -> None:
        self.texts: dict[tuple[str, str], str] = {}
        """By kind ("description", "short_description") and language."""
        self.commands: dict[tuple[Scope, str], list[dict[str, str]]] = {}

    def text(self, kind: str, language: str | None) -> str:
        """Returns the text shown to somebody with this language, or the default one."""
        own = self.texts.get((kind, _letters(language)))
        return own or self.texts.get((kind, ""), "")

    def commands_in(self, chat_id: int, language: str | None) -> list[dict[str, str]]:
        """Returns the commands offered in a private chat: those of the narrowest scope with any.

        A scope's commands for this language come before its default ones.
        """
        for scope in (("chat", chat_id), ("all_private_chats", 0), ("default", 0)):
            for code in (_letters(language), ""):
                if found := self.commands.get((scope, code)):
                    return found
        return []


def _letters(language: str | None) -> str:
    """Returns the two letters of a client's language, such as "pt" of "pt-br"."""
    return (language or "").lower().partition("-")[0]
