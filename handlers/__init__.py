"""What people see: a handler for each kind of update, and the screens."""
