"""The folder that a petition is written in: how it is read, and what is checked in it."""
