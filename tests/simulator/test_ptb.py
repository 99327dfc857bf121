"""python-telegram-bot parses everything the simulator answers and finds nothing unknown."""

import pytest
import telegram
from telegram.constants import ChatAction

from simulator import Simulator
from simulator.media_kinds import KINDS
from tests.support.pictures import tiny_png

BUTTON = telegram.InlineKeyboardMarkup([[telegram.InlineKeyboardButton("Ir", callback_data="ir")]])


def unknown_in(value: object) -> list[str]:
    """Returns the fields, at any depth, that python-telegram-bot does not know."""
    found: list[str] = []
    if isinstance(value, telegram.TelegramObject):
        found += [f"{type(value).__name__}.{name}" for name in value.api_kwargs]
        for name in value.to_dict(recursive=False):
            found += unknown_in(getattr(value, "from_user" if name == "from" else name, None))
    elif isinstance(value, list | tuple):
        for item in value:
            found += unknown_in(item)
    return found


async def updates_of(ptb: telegram.Bot) -> list[telegram.Update]:
    updates = list(await ptb.get_updates(timeout=0, allowed_updates=telegram.Update.ALL_TYPES))
    if updates:
        await ptb.get_updates(offset=updates[-1].update_id + 1, timeout=0)
    return updates


async def test_a_bot_knows_itself(ptb: telegram.Bot) -> None:
    me = await ptb.get_me()

    assert (me.id, me.username, me.is_bot) == (123456789, "test_bot", True)
    assert unknown_in(me) == []


async def test_every_kind_of_message_is_read(sim: Simulator, ptb: telegram.Bot) -> None:
    ana = sim.world.person("Ana", last_name="García", username="ana_g")
    for kind in KINDS:
        ana.send_kind(kind)
    updates = await updates_of(ptb)

    assert [unknown_in(update) for update in updates] == [[]] * len(KINDS)
    for kind, update in zip(KINDS, updates, strict=True):
        assert update.message is not None
        assert getattr(update.message, kind)


async def test_what_people_do_arrives_in_order_and_in_shape(
    sim: Simulator, ptb: telegram.Bot
) -> None:
    ana = sim.world.person("Ana", language="ca")
    ana.start("newsletter")
    written = ana.send("hola @ana_g https://example.org #lema")
    ana.edit(written, "adiós")
    ana.forward(written)
    ana.block()
    ana.unblock()
    updates = await updates_of(ptb)

    assert [unknown_in(update) for update in updates] == [[]] * 6
    start, message, edited, forwarded, blocked, back = updates
    assert start.message
    assert start.message.from_user
    assert (start.message.text, start.message.from_user.language_code) == (
        "/start newsletter",
        "ca",
    )
    assert start.message.parse_entities(["bot_command"])
    assert message.message
    assert list(message.message.parse_entities().values()) == [
        "@ana_g",
        "https://example.org",
        "#lema",
    ]
    assert edited.edited_message
    assert edited.edited_message.edit_date
    assert forwarded.message
    assert isinstance(forwarded.message.forward_origin, telegram.MessageOriginUser)
    assert blocked.my_chat_member
    assert blocked.my_chat_member.new_chat_member.status == "kicked"
    assert back.my_chat_member
    assert back.my_chat_member.new_chat_member.status == "member"


async def test_a_tap_is_answered_once(sim: Simulator, ptb: telegram.Bot) -> None:
    ana = sim.world.person("Ana")
    ana.start()
    await ptb.send_message(ana.id, "Hola", reply_markup=BUTTON)
    await updates_of(ptb)
    tap = ana.tap("Ir")
    (update,) = await updates_of(ptb)
    query = update.callback_query

    assert query
    assert query.message
    assert (query.data, query.message.chat.id, unknown_in(update)) == ("ir", ana.id, [])
    assert await query.answer("¡Hecho!", show_alert=True)
    answer = await tap.answered()
    assert (answer.text, answer.alert) == ("¡Hecho!", True)
    with pytest.raises(telegram.error.BadRequest, match="Query is too old"):
        await query.answer()


async def test_a_message_is_sent_edited_copied_and_deleted(
    sim: Simulator, ptb: telegram.Bot
) -> None:
    ana = sim.world.person("Ana")
    ana.start()
    sent = await ptb.send_message(ana.id, "<b>Uno</b>", parse_mode="HTML", reply_markup=BUTTON)
    edited = await ptb.edit_message_text("Dos", ana.id, sent.message_id)
    marked = await ptb.edit_message_reply_markup(ana.id, sent.message_id, reply_markup=BUTTON)
    copy = await ptb.copy_message(ana.id, ana.id, sent.message_id)
    copies = await ptb.copy_messages(ana.id, ana.id, [sent.message_id, copy.message_id])
    chat = await ptb.get_chat(ana.id)
    await ptb.delete_message(ana.id, copy.message_id)
    await ptb.delete_messages(ana.id, [each.message_id for each in copies])

    assert [unknown_in(each) for each in (sent, edited, marked, copy, chat)] == [[]] * 5
    assert [message.text for message in ana.messages] == ["/start", "Dos"]
    assert ana.screen.labels == ["Ir"]
    assert sim.refused == []


async def test_files_are_sent_and_used_again(sim: Simulator, ptb: telegram.Bot) -> None:
    ana = sim.world.person("Ana")
    ana.start()
    photo = await ptb.send_photo(
        ana.id, tiny_png(900, 300), caption="<i>Uno</i>", parse_mode="HTML"
    )
    again = await ptb.send_photo(ana.id, photo.photo[-1].file_id)
    paper = await ptb.send_document(ana.id, b"hola", filename="hola.txt")
    media = telegram.InputMediaPhoto(tiny_png(10, 10), caption="Tres")
    changed = await ptb.edit_message_media(media, ana.id, again.message_id)

    for each in (photo, again, paper, changed):
        assert unknown_in(each) == []
    assert [(size.width, size.height) for size in photo.photo] == [
        (90, 30),
        (320, 106),
        (800, 266),
        (900, 300),
    ]
    assert paper.document
    assert (paper.document.file_name, paper.document.mime_type) == ("hola.txt", "text/plain")
    assert isinstance(changed, telegram.Message)
    assert (changed.caption, changed.photo[0].width) == ("Tres", 10)
    assert sim.refused == []


async def test_the_profile_is_set_for_each_language(sim: Simulator, ptb: telegram.Bot) -> None:
    ana = sim.world.person("Ana", language="en")
    ana.start()
    private = telegram.BotCommandScopeAllPrivateChats()
    await ptb.set_my_commands([("start", "Empezar")], scope=private)
    await ptb.set_my_commands([("start", "Start")], scope=private, language_code="en")
    await ptb.set_my_commands([("close", "Cerrar")], scope=telegram.BotCommandScopeChat(ana.id))
    await ptb.set_my_description("Larga", language_code="es")
    await ptb.set_my_short_description("Corta")

    assert ana.commands == [{"command": "close", "description": "Cerrar"}]
    assert await ptb.delete_my_commands(scope=telegram.BotCommandScopeChat(ana.id))
    assert ana.commands == [{"command": "start", "description": "Start"}]
    profile = sim.world.profile
    assert profile.text("description", "es") == "Larga"
    assert profile.text("description", "en") == ""
    assert profile.text("short_description", "en") == "Corta"


async def test_a_bot_writes_to_a_group_that_it_is_in(sim: Simulator, ptb: telegram.Bot) -> None:
    ana = sim.world.person("Ana")
    group = sim.world.group("Vecinas", members=[ana])
    await ptb.send_chat_action(group.id, ChatAction.TYPING)

    assert (await ptb.get_chat(group.id)).title == "Vecinas"
    sim.world.membership(group, ana.user, "member", "left")
    with pytest.raises(telegram.error.Forbidden, match="bot is not a member"):
        await ptb.send_message(group.id, "Hola")
