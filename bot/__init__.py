"""The petition bot: the process, the rules of a petition, and the traffic with Telegram."""
