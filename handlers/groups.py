"""Answers in groups with one line that leads to the private chat; signing is private."""

from functools import partial

from telegram import Chat, Message, Update

from bot.text.translations import mark
from handlers.context import Services
from handlers.conversation_message import tolerate
from handlers.read_update import command_in
from handlers.screens.help import SUPPORTER_COMMANDS

_ONLY_IN_PRIVATE = mark("La petición se lee y se firma en un chat privado.")


async def handle(services: Services, update: Update) -> None:
    """Answers a tap, or a command in a group that is addressed to this bot by its name."""
    message = update.message
    query = update.callback_query
    if query is not None:
        said = services.words(query.from_user.language_code).label(_ONLY_IN_PRIVATE)
        # Keyed by the tap, so that it replaces no pending reply of a chat.
        await services.delayed_replies.tell(query.id, lambda: tolerate(query.answer(said)))
    elif message is not None and message.chat.type in (Chat.GROUP, Chat.SUPERGROUP):
        name = command_in(message, services.bot.username)
        # A bare /help may be for another bot of the group.
        if name in SUPPORTER_COMMANDS and "@" in (message.text or "").split()[0]:
            await _invite(services, message, update.update_id)


async def _invite(services: Services, message: Message, update_id: int) -> None:
    # The person's too: who writes in hundreds of groups would get hundreds of replies at once, and
    # everybody else would wait for theirs.
    user, bot = message.from_user, services.bot
    for asker in filter(None, (user.id if user else None, message.chat_id)):
        who = services.reference(asker)
        if services.budgets.spend(who, "group", update_id):
            return
    words = services.words(user.language_code if user else None)
    link = f"https://t.me/{bot.username}?start=group"
    button = {"text": words.label("Abrir el chat privado"), "url": link}
    line = partial(
        bot.call,
        "sendMessage",
        chat_id=message.chat_id,
        text=words.label(_ONLY_IN_PRIVATE),
        reply_markup={"inline_keyboard": [[button]]},
        message_thread_id=message.message_thread_id if message.is_topic_message else None,
    )
    await services.delayed_replies.tell(message.chat_id, line, beside="group")
