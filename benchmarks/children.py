"""Clients as processes of their own: each begins with nothing and is measured alone."""

from __future__ import annotations

import asyncio
import json
import os
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any, Final

from benchmarks.orders import Order, Told

_ROOT: Final = Path(__file__).parent.parent
# What a child may take beside the time of its order: to start, to be cut off, to tell.
_GRACE_SECONDS: Final = 180.0
_COMPLAINT_CHARACTERS: Final = 2_000


class ChildFailed(Exception):
    """A child did not do what it was asked; the text is the end of what it complained of."""


async def sent_by(python: Path, module: str, order: Order) -> Told:
    """Have a child send, and wait for what it tells; raises what `told_by` does."""
    told, complained = await told_by(python, module, order)
    return replace(Told(**told), complaint=complained)


async def told_by(python: Path, module: str, order: Order) -> tuple[dict[str, Any], str]:
    """Have a child carry out an order; what it tells, and the end of what it complained of.

    Raises:
        ChildFailed: it told nothing.
    """
    process = await asyncio.create_subprocess_exec(
        str(python),
        "-m",
        module,
        json.dumps(asdict(order)),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
        env={**os.environ, "PYTHONPATH": str(_ROOT)},
        cwd=order.folder,
    )
    try:
        async with asyncio.timeout(order.seconds + _GRACE_SECONDS):
            said, complained = await process.communicate()
    except TimeoutError as error:
        raise ChildFailed(f"{module} did not end in time") from error
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    complaint = complained.decode(errors="replace")[-_COMPLAINT_CHARACTERS:].strip()
    if process.returncode != 0:
        raise ChildFailed(f"{module}: {complaint}")
    return json.loads(said.decode().splitlines()[-1]), complaint
