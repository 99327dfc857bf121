"""Trying the bot with a simulated Telegram: the demo, the preview, the rehearsal."""
