"""Where signatures live: tables, queries, migrations and encryption."""
