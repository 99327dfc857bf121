"""Answers in groups with one line that leads to the private chat; signing is private."""

from functools import partial

from telegram import InlineKeyboardButton, InlineKeyboardMarkup, Update

from bot.text.translations import mark
from handlers.context import Context
from handlers.conversation_message import tolerate
from handlers.request_budget import LimitDecision
from handlers.screens.help import SUPPORTER_COMMANDS

COMMANDS = frozenset(SUPPORTER_COMMANDS)

_ONLY_IN_PRIVATE = mark("La petición se lee y se firma en un chat privado.")


async def invite_to_private_chat(update: Update, context: Context) -> None:
    """Answers a command addressed to this bot by name with a link to the private chat."""
    message, user = update.effective_message, update.effective_user
    addressed = f"@{context.bot.username}".lower()
    if not message or not message.text or addressed not in message.text.split()[0].lower():
        return  # a bare /help may be for another bot of the group
    # The person's too: who writes in hundreds of groups would get hundreds of replies at once, and
    # everybody else would wait for theirs.
    services = context.services
    for asker in filter(None, (user.id if user else None, message.chat_id)):
        who = services.reference(asker)
        if services.budgets.spend(who, "group", update.update_id) is not LimitDecision.ALLOW:
            return
    words = services.words(user.language_code if user else None)
    link = f"https://t.me/{context.bot.username}?start=group"
    button = InlineKeyboardButton(words.label("Abrir el chat privado"), url=link)
    line = partial(
        context.bot.send_message,
        message.chat_id,
        words.label(_ONLY_IN_PRIVATE),
        reply_markup=InlineKeyboardMarkup([[button]]),
        message_thread_id=message.message_thread_id if message.is_topic_message else None,
    )
    await services.delayed_replies.tell(message.chat_id, line)


async def answer_tap_elsewhere(update: Update, context: Context) -> None:
    """Answers a tap made outside a private chat with that line, and does nothing else."""
    query = update.callback_query
    if query is not None:
        said = context.services.words(query.from_user.language_code).label(_ONLY_IN_PRIVATE)
        # Keyed by the tap, so that it replaces no pending reply of a chat.
        await context.services.delayed_replies.tell(query.id, lambda: tolerate(query.answer(said)))
