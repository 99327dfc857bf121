"""A Bot API that keeps up with any client: it answers as the real one and keeps an exact account.

It knows no chats, no updates and no rights, which is what makes it fast; the simulator knows them
all. In a process of its own, on a core of its own.
"""
