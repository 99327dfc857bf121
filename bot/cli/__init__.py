"""Looking at broadcasts, and steering them, from the machine that the bot runs on.

The shell works on the same database, beside the bot and without its token; the bot notices what
was changed when it takes the next messages to send. It prints no personal data.
"""
