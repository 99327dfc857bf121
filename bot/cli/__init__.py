"""The command line: everything that is typed in a shell."""
