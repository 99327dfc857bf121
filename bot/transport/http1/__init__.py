"""A small HTTP/1.1 client with pooled keep-alive connections."""
