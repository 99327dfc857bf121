"""A fast Bot API for benchmarks that answers like the real one and counts every message.

It has no chats, updates or permissions, unlike the simulator, which makes it fast enough for
any client. It runs in its own process on its own core.
"""
