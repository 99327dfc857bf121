"""Simulated people, who do what the bot's screens let them do."""
