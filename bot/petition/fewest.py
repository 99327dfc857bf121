"""How many signatures there have to be before something is told of them apart from all others."""

FEWEST = 5
"""Fewer could tell whether one person signed; see docs/decisions/links-with-few-signatures.md."""
