"""Everything an admin does with a broadcast, from writing it to recalling it."""
