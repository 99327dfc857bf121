"""The petition bot: the process, the rules, the way to Telegram and back."""
