"""Loading what is known of somebody, to handle what they sent, changes nothing by itself."""

import asyncio
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from telegram import Update

from handlers.admin_context import AdminContext
from handlers.broadcasts.draft_editor import forget_started_draft, open_draft
from handlers.chat_context import open_context
from handlers.context import Context, PetitionApplication
from handlers.supporter_context import SupporterContext
from simulator.person import Person
from storage.broadcasts import broadcast_history
from tests.support.scene import Scene


def stored(folder: Path) -> list[str]:
    """Every row of the database but those that the bot writes by itself."""
    by_itself = ('"leases"', '"petition_notices"', ":commands:", "description:")
    with closing(sqlite3.connect(folder / "data" / "petition.db")) as connection:
        dump = list(connection.iterdump())
    return [line for line in dump if not any(known in line for known in by_itself)]


def sent_by(application: PetitionApplication, person: Person, text: str) -> tuple[Update, Context]:
    chat = {"id": person.id, "type": "private", "first_name": "Ana"}
    sender: dict[str, Any] = {"id": person.id, "is_bot": False, "first_name": "Ana"}
    message = {"message_id": 999, "date": 1, "chat": chat, "text": text}
    message["from"] = {**sender, "language_code": person.user.language}
    update = Update.de_json({"update_id": 1, "message": message}, application.bot)
    return update, Context.from_update(update, application)


async def test_a_supporter_who_was_lost_and_an_admin_who_never_wrote_are_read_as_they_are(
    scene: Scene, tmp_path: Path
) -> None:
    await scene.signs(scene.ana)
    scene.ana.block()
    await scene.settled()
    before = stored(tmp_path)
    for _ in range(2):
        sent = sent_by(scene.app.application, scene.marta, "/stats")
        admin = await open_context(AdminContext, *sent)
        assert admin.language == "es"
        assert await open_draft(admin) is None
        assert stored(tmp_path) == before
    sent = sent_by(scene.app.application, scene.ana, "/start Ana García")
    ctx = await open_context(SupporterContext, *sent)
    assert ctx.view.signature is not None
    assert ctx.view.signature.unreachable
    assert ctx.marking_command().conversation != ctx.conversation
    assert stored(tmp_path) == before
    await ctx.refresh()
    assert stored(tmp_path) != before


async def test_a_draft_that_a_crash_left_behind_is_none_until_it_is_forgotten(
    scene: Scene, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def dies(_ctx: object) -> None:
        """Stands for a crash between the start of a broadcast and the end of its draft."""

    monkeypatch.setattr("handlers.broadcasts.confirm.forget_draft", dies)
    await scene.signs(scene.ana)
    await scene.closes()
    await scene.broadcasts(1)
    storage = scene.storage
    async with asyncio.timeout(60):  # the report is read before it is noted that it was made
        while not any(each.reported_at for each in await storage.read(broadcast_history)):  # noqa: ASYNC110
            await asyncio.sleep(0.1)
    sent = sent_by(scene.app.application, scene.marta, "/broadcast")
    ctx = await open_context(AdminContext, *sent)
    before = stored(tmp_path)
    for _ in range(2):
        assert await open_draft(ctx) is None
        assert stored(tmp_path) == before
    await forget_started_draft(ctx)
    assert stored(tmp_path) != before
