"""A Bot API that answers like the real one, counts every message, and can fail.

It has no chats, updates or permissions, unlike the simulator, which makes it fast enough for
any client.
"""
