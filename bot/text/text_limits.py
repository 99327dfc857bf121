"""Length limits, for the check of the texts and for the screens.

Lengths are UTF-16 code units without markup, as Telegram counts them.
"""

MESSAGE = 4096
CAPTION = 1024
TAP_ANSWER = 200
DESCRIPTION = 512
SHORT_DESCRIPTION = 120
# A share text is percent-encoded in a button's address, where an accented letter takes six
# characters.
SHARE = 300
SCREENFUL = 1200  # about what a phone shows at once
CHANGED = 400  # of what one version changed, which the home screen says in a sentence or two
NAME = 100  # characters, see `bot.petition.names`
LARGEST_NUMBER = 999_999_999  # the {count} with which texts are measured

# Reserved on every screen for what the bot adds: headings, the count and its bar, "page 2 of 4",
# the question for the name, the answer to a name that was refused.
BOT_WORDS = 600
