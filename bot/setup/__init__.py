"""Setting a bot up: who administers it, its file of settings, and what people see of it."""
