"""Runs each client in its own process, so that it starts fresh and is measured alone."""

import asyncio
import json
import os
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

from benchmarks.child_job import Job, JobReport

_ROOT = Path(__file__).parent.parent
# Time for a child beyond that of its job: to start, to stop and to report.
_GRACE_SECONDS = 180.0
_COMPLAINT_CHARACTERS = 2_000


class ChildFailed(Exception):
    """A child failed; the text is the end of its standard error."""


async def run_sender(python: Path, module: str, job: Job) -> JobReport:
    """Runs a child that sends, and returns its report; raises what `run_child` raises."""
    told, complained = await run_child(python, module, job)
    return replace(JobReport(**told), complaint=complained)


async def run_child(python: Path, module: str, job: Job) -> tuple[dict[str, Any], str]:
    """Runs a child with a job; returns its report and the end of its standard error.

    Raises:
        ChildFailed: it failed or did not end in time.
    """
    process = await asyncio.create_subprocess_exec(
        str(python),
        "-m",
        module,
        json.dumps(asdict(job)),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
        env={**os.environ, "PYTHONPATH": str(_ROOT)},
        cwd=job.folder,
    )
    try:
        async with asyncio.timeout(job.seconds + _GRACE_SECONDS):
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
