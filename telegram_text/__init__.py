"""Telegram's text: its HTML, its entities, and how long it is."""
