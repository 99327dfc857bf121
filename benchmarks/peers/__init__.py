"""Broadcast libraries that people use today, set up as documented, each in its environment.

Every module with a `__main__` part runs there as a child process and is given an `Order`.
"""
