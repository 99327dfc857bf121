"""Words and their markup: Telegram's HTML, translations and the catalogs they come from."""
