"""The screens of drafts and broadcasts: pure functions that return text and buttons."""
