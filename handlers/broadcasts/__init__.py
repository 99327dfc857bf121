"""Everything an admin does with a broadcast, from the first word to taking it back."""
