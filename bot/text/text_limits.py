"""Length limits, for the check of the texts and for the screens.

Lengths are UTF-16 code units without markup, as Telegram counts them.
"""

from types import MappingProxyType
from typing import Final

MESSAGE: Final = 4096
CAPTION: Final = 1024
DESCRIPTION: Final = 512
SHORT_DESCRIPTION: Final = 120
# A share text is percent-encoded in a button's address, where an accented letter takes six
# characters.
SHARE: Final = 300

NAME: Final = 100  # characters, see `bot.petition.names`
LARGEST_NUMBER: Final = 999_999_999  # the {count} and {number} with which texts are measured

# Reserved on every screen for what the bot adds: headings, the count and its bar, "page 2 of 4",
# the question for the name, the answer to a name that was refused.
BOT_WORDS: Final = 600

# The texts of each screen, to which BOT_WORDS are added. A screen with other texts has to be added
# here, so that the check measures what is sent.
SCREENS: Final = MappingProxyType(
    {
        "welcome": ("title", "summary", "addressee"),
        "appeal": ("title", "appeal"),
        "name": ("privacy_short",),
        "privacy": ("privacy",),
        "consent": ("consent", "news"),
        "thanks": ("thanks",),
        "closed": ("title", "closed", "closing_update"),
        "closing_update": ("title", "closing_update"),
    }
)
