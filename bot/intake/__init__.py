"""Fetches updates, handles them in order within a chat, and acknowledges them afterwards.

Telegram is the durable inbox: an update stays there until the offset moves past it, and the offset
moves only past updates that were handled.
"""
