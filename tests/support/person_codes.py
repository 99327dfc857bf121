"""Codes as /mydata makes them."""

from datetime import datetime

from storage import Storage
from storage.person_requests import add_code, new_code


async def make_code(
    storage: Storage, supporter: bytes, at: datetime
) -> tuple[str, datetime] | None:
    """Stores a new code; returns it and when it ends, or None without a signature."""
    code = new_code()
    ends_at = await storage.write(add_code, supporter, code, at)
    return None if ends_at is None else (code, ends_at)
