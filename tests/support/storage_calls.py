"""Something else in place of one function of the storage: it fails, waits, or is counted."""

from collections.abc import Awaitable, Callable
from functools import partial
from typing import Any

import pytest

from storage import Storage

Proceed = Callable[..., Awaitable[Any]]
"""What does with these arguments what was to be done."""


def call_instead(
    patch: pytest.MonkeyPatch,
    work: Callable[..., Any],
    instead: Callable[..., Awaitable[Any]],
) -> None:
    """Calls `instead` wherever a storage is to read or write with `work`.

    It gets the arguments of `work`, after what does what was to be done.
    """
    for name in ("read", "write"):
        patch.setattr(Storage, name, _watching(getattr(Storage, name), work, instead))


def _watching(
    once: Callable[..., Awaitable[Any]],
    work: Callable[..., Any],
    instead: Callable[..., Awaitable[Any]],
) -> Callable[..., Awaitable[Any]]:
    async def read_or_write(
        storage: Storage, asked: Callable[..., Any], *args: Any, **kwargs: Any
    ) -> Any:
        proceed = partial(once, storage, asked)
        if asked is work:
            return await instead(proceed, *args, **kwargs)
        return await proceed(*args, **kwargs)

    return read_or_write
