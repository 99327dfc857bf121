"""Texts and markup: Telegram's HTML, translations and their catalogs."""
