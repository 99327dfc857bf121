"""A petition in aiogram, as its documentation writes a form, with the calls that this bot makes.

It keeps the form in memory and a signature, in clear, in SQLite. Names are not checked, buttons of
an older screen work on, and Telegram is told that an update is handled before it is.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import aiosqlite
from aiogram import Bot, Dispatcher, F, Router
from aiogram.client.default import DefaultBotProperties
from aiogram.client.session.aiohttp import AiohttpSession
from aiogram.client.telegram import TelegramAPIServer
from aiogram.filters import CommandStart
from aiogram.fsm.context import FSMContext
from aiogram.fsm.state import State, StatesGroup
from aiogram.types import (
    CallbackQuery,
    FSInputFile,
    InlineKeyboardMarkup,
    LinkPreviewOptions,
    Message,
)

from benchmarks.signing_people import NAME, TOKEN, Screens

_SIGNATURES = "CREATE TABLE signatures (chat INTEGER PRIMARY KEY, name TEXT)"
_SIGN = "INSERT OR IGNORE INTO signatures VALUES (?, ?)"


class _Form(StatesGroup):
    petition = State()
    name = State()
    consent = State()


class _Petition:
    """Shows the screens, and keeps the signatures."""

    def __init__(self, screens: Screens, picture: Path, database: aiosqlite.Connection) -> None:
        self._screens = screens
        self._picture: str | FSInputFile = FSInputFile(picture)
        self._database = database

    def router(self) -> Router:
        router = Router()
        router.message.register(self._start, CommandStart())
        taps = router.callback_query
        taps.register(self._ask_name, _Form.petition, F.data.contains(":named:"))
        taps.register(self._ask_consent, _Form.petition, F.data.contains(":unnamed:"))
        taps.register(self._take_name, _Form.name, F.data.contains(":profile:"))
        taps.register(self._sign, _Form.consent, F.data.contains(":confirm:"))
        return router

    async def _start(self, message: Message, state: FSMContext) -> None:
        await state.set_state(_Form.petition)
        shown = await message.answer_photo(self._picture, caption=self._screens.caption)
        if shown.photo:
            self._picture = shown.photo[-1].file_id
        text, keyboard = self._screens.named[0]
        await message.answer(text, reply_markup=InlineKeyboardMarkup.model_validate(keyboard))

    async def _ask_name(self, query: CallbackQuery, state: FSMContext) -> None:
        await state.set_state(_Form.name)
        await self._show(query, self._screens.named[1])

    async def _take_name(self, query: CallbackQuery, state: FSMContext) -> None:
        await state.update_data(name=query.from_user.full_name)
        await state.set_state(_Form.consent)
        await self._show(query, self._screens.named[2])

    async def _ask_consent(self, query: CallbackQuery, state: FSMContext) -> None:
        await state.set_state(_Form.consent)
        await self._show(query, self._screens.unnamed[1])

    async def _sign(self, query: CallbackQuery, state: FSMContext) -> None:
        given = await state.get_data()
        await self._database.execute(_SIGN, (query.from_user.id, given.get("name")))
        await self._database.commit()
        await state.clear()
        await self._show(query, self._screens.unnamed[-1])

    async def _show(self, query: CallbackQuery, screen: tuple[str, Mapping[str, Any]]) -> None:
        text, keyboard = screen
        name = query.from_user.full_name
        rows = [
            [{**button, "text": button["text"].replace(NAME, name)} for button in row]
            for row in keyboard["inline_keyboard"]
        ]
        await query.answer()
        if isinstance(query.message, Message):
            await query.message.edit_text(
                text.replace(NAME, name),
                reply_markup=InlineKeyboardMarkup.model_validate({"inline_keyboard": rows}),
            )


@asynccontextmanager
async def aiogram_petition(
    folder: Path, url: str, screens: Screens, picture: Path
) -> AsyncIterator[None]:
    """Runs it for the duration of the block, with its database in `folder`."""
    properties = DefaultBotProperties(
        parse_mode="HTML", link_preview=LinkPreviewOptions(is_disabled=True)
    )
    session = AiohttpSession(api=TelegramAPIServer.from_base(url))
    async with aiosqlite.connect(folder / "aiogram.db") as database:
        await database.execute("PRAGMA journal_mode = WAL")
        await database.execute("PRAGMA synchronous = FULL")
        await database.execute(_SIGNATURES)
        dispatcher = Dispatcher()
        dispatcher.include_router(_Petition(screens, picture, database).router())
        async with Bot(TOKEN, session=session, default=properties) as bot:
            polling = asyncio.create_task(dispatcher.start_polling(bot, handle_signals=False))
            try:
                yield
            finally:
                await dispatcher.stop_polling()
                await polling
