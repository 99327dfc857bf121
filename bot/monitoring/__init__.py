"""What an operator's tools ask of a running bot: whether it works, and what it has counted."""
