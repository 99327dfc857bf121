"""An HTTP/1.1 client of its own: connections kept open, pooled, and closed in good order."""
