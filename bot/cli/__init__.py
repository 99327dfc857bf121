"""The command line: runs the bot, and views and controls broadcasts while it runs.

The commands for broadcasts use the same database as the bot, without its token; the bot notices
their changes when it claims the next deliveries. They print no personal data.
"""
