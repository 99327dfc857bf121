"""Whatever people, admins and kills do, everybody is sent what a plain model says."""

import asyncio
import shutil
import tempfile
from collections.abc import Sequence
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from storage.database import open_database
from tests.support.accelerated_loop import LoopOfTests
from tests.support.broadcast_life import DEEDS, PEOPLE, lived
from tests.support.databases import write_key

_deeds = st.tuples(st.sampled_from(DEEDS), st.integers(1, PEOPLE))


async def _lived(template: Path, folder: Path, deeds: Sequence[tuple[str, int]]) -> None:
    keyring = write_key(folder / "petition.key")
    database = await open_database(f"sqlite+aiosqlite:///{shutil.copy(template, folder)}")
    try:
        await lived(database, keyring, deeds)
    finally:
        await database.close()


def _live(template: Path, deeds: Sequence[tuple[str, int]]) -> None:
    with (
        tempfile.TemporaryDirectory(dir=template.parent) as folder,
        asyncio.Runner(loop_factory=LoopOfTests) as loop,
    ):
        loop.run(_lived(template, Path(folder), deeds))


@settings(max_examples=5)
@given(st.lists(_deeds, min_size=10, max_size=30))
def test_whatever_happens_everybody_is_sent_what_the_plain_model_says(
    sqlite_template: Path, deeds: list[tuple[str, int]]
) -> None:
    _live(sqlite_template, deeds)


LIVES = {
    "who blocked the bot gets the end on coming back, once": (
        "block 2, send, come_back 2, send, come_back 2, send"
    ),
    "within thirty days": "block 2, send, wait, come_back 2, send",
    "later it would come out of the blue": "block 2, send, wait, wait, come_back 2, send",
    "of two ends that were missed the newer one": (
        "block 2, send, tell, send, come_back 2, come_back 2, send"
    ),
    "not the end from before it was opened again": "block 2, send, reopen, close, come_back 2",
    "every notice of a breach, however late and in silence": (
        "block 2, send, warn, send, warn, send, recall, mute 2, wait, wait, wait, come_back 2"
    ),
    "nor one that was recalled": "block 2, send, warn, send, recall 0, come_back 2",
    "nor an update that was over in their silence": "send, write, mute 1, send, unmute 1, send",
    "nor what was sent before they signed": (
        "send, warn, send, withdraw 5, reopen, sign 5, come_back 5"
    ),
    "nor the end while the silence lasts": "block 2, send, mute 2, come_back 2, unmute 2, send",
    "each update goes to everyone again, the end to nobody": (
        "send, write, send, write, send, write, send, reopen, close, tell"
    ),
    "an end that was recalled has told nobody": "send, recall, send, tell, send",
    "an update goes on with those whom it did not reach": (
        "send, write, send_some 1, cancel, write_again, send"
    ),
    "who withdraws before they have a row counts as withdrawn": "withdraw 3, send",
    "also in one that was cancelled": "send_some 1, cancel, withdraw 5, mute 4, withdraw 4",
    "but not who was not meant": "mute 3, withdraw 3, send",
    "nor who signed after it was cancelled": "cancel, reopen, withdraw 5, sign 5, withdraw 5",
    "who withdraws while it is being sent is counted once": (
        "send_some 2, withdraw 1, withdraw 2, withdraw 3, withdraw 4, withdraw 5, send"
    ),
    "and who signs anew gets the end of then": (
        "send, withdraw 1, reopen, sign 1, close, tell, send"
    ),
}


@pytest.mark.parametrize("deeds", LIVES.values(), ids=LIVES)
def test_each_of_these_lives_goes_as_the_plain_model_says(
    sqlite_template: Path, deeds: str
) -> None:
    words = [each.split() for each in deeds.split(", ")]
    _live(sqlite_template, [(deed, int(*person or ("1",))) for deed, *person in words])
