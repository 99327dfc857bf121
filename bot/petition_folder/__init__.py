"""The folder that a petition is written in: reading and checking its files."""
