"""aiogram, a second library, understands the simulated Telegram."""

from collections.abc import AsyncIterator

import pytest

from simulator import Fault, Simulator
from tests.aiogram_models import aiogram, types
from tests.support.api_client import TOKEN
from tests.support.pictures import tiny_png


@pytest.fixture
async def bot(sim: Simulator) -> AsyncIterator[aiogram.Bot]:
    session = aiogram.client.session.aiohttp.AiohttpSession(
        api=aiogram.client.telegram.TelegramAPIServer.from_base(sim.url)
    )
    bot = aiogram.Bot(
        TOKEN,
        session=session,
        default=aiogram.client.default.DefaultBotProperties(parse_mode="HTML"),
    )
    yield bot
    await session.close()


async def test_a_conversation_goes_through(sim: Simulator, bot: aiogram.Bot) -> None:
    ana = sim.world.person("Ana")
    ana.start()
    (update,) = await bot.get_updates(timeout=0)
    keyboard = types.InlineKeyboardMarkup(
        inline_keyboard=[[types.InlineKeyboardButton(text="Ir", callback_data="ir")]]
    )
    sent = await bot.send_message(ana.id, "<b>Hola</b>", reply_markup=keyboard)
    ana.tap("Ir")
    _, tapped = await bot.get_updates(offset=update.update_id, timeout=0)
    assert tapped.callback_query
    await bot.answer_callback_query(tapped.callback_query.id)
    await bot.edit_message_text("Adiós", chat_id=ana.id, message_id=sent.message_id)
    photo = await bot.send_photo(
        ana.id, types.BufferedInputFile(tiny_png(), "a.png"), caption="Foto"
    )
    assert photo.photo
    await bot.send_photo(ana.id, photo.photo[-1].file_id)
    await bot.delete_message(ana.id, photo.message_id)

    assert [(m.text, m.photo is not None) for m in ana.messages] == [
        ("/start", False),
        ("Adiós", False),
        ("", True),
    ]
    assert sim.refused == []


async def test_refusals_are_told_apart(sim: Simulator, bot: aiogram.Bot) -> None:
    ana = sim.world.person("Ana")
    ana.start()
    sim.faults.next("sendMessage", Fault.FLOOD)
    with pytest.raises(aiogram.exceptions.TelegramRetryAfter) as flood:
        await bot.send_message(ana.id, "Hola")
    assert flood.value.retry_after == 1
    ana.block()
    with pytest.raises(aiogram.exceptions.TelegramForbiddenError):
        await bot.send_message(ana.id, "Hola")
