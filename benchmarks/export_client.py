"""A child process that writes the list of signatures once, in one format or by reading alone."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pyrage

from benchmarks.child_job import Job, JobReport, ResourceMeter, run_job
from benchmarks.signed_database import KEY, url_of
from benchmarks.this_bot import settle_down
from bot.cli.context import CliContext
from bot.cli.export import write_list
from bot.clocks import utc_now
from bot.export import ListFormat
from bot.export.signature_list import pages_of
from bot.logs import configure_logging
from bot.petition.petition import BUNDLED, load_petition
from bot.settings import PetitionSettings
from bot.text.translations import Catalogs
from storage import open_storage
from storage.exports import begin_export
from storage.keyring import Keyring
from tests.support.supporters import SLUG

READING = "reading"


async def _export(job: Job) -> JobReport:
    configure_logging("ERROR")
    folder, written = Path(job.folder), 0
    keyring = Keyring.load(folder / KEY)
    storage = await open_storage(url_of(folder), keyring, SLUG)
    words = Catalogs.load().words("en")
    context = CliContext(PetitionSettings(), load_petition(BUNDLED), storage, words, utc_now)
    try:
        settle_down()
        meter = ResourceMeter()
        if job.url == READING:
            begun = await storage.write(begin_export, at=context.clock(), detail="")
            async with storage.snapshot() as read:
                async for page in pages_of(begun, read):
                    written += sum(each.name is not None for each in page)
            return meter.report(delivered=written, failed=0, complete=written == job.people)
        recipient = pyrage.x25519.Identity.generate().to_public()
        file = folder / "list.age"
        file.unlink(missing_ok=True)
        header = await write_list(context, file, [recipient], format_=ListFormat(job.url))
        written, size = header.with_name, file.stat().st_size
        complete = written == job.people
        return meter.report(delivered=written, failed=0, complete=complete, said=str(size))
    finally:
        await storage.close()


if __name__ == "__main__":
    run_job(lambda job: asyncio.run(_export(job)))
