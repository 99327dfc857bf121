"""What people see: screens, commands and buttons."""
