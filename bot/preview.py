"""A petition that is being written, as people will meet it: every saved file shows at once."""
