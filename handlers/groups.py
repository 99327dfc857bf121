"""In a group the bot says one line: signing is a private matter."""

from __future__ import annotations

from telegram import InlineKeyboardButton, InlineKeyboardMarkup, Update

from .context import Context
from .screens.commands import SUPPORTER_COMMANDS

COMMANDS = frozenset(SUPPORTER_COMMANDS)


async def invited(update: Update, context: Context) -> None:
    """Answers a command that was meant for this bot with a link to the private chat."""
    message, user = update.effective_message, update.effective_user
    addressed = f"@{context.bot.username}".lower()
    if message is None or addressed not in (message.text or "").partition(" ")[0].lower():
        return  # a bare /help is for whichever bot the group means
    services = context.services
    language = services.campaign.language_for(user.language_code if user else None)
    words = services.catalogues.words(language)
    link = f"https://t.me/{context.bot.username}?start=group"
    button = InlineKeyboardButton(words.label("Abrir el chat privado"), url=link)
    await context.bot.send_message(
        message.chat_id,
        words.label("La petición se lee y se firma en un chat privado."),
        reply_markup=InlineKeyboardMarkup([[button]]),
        message_thread_id=message.message_thread_id if message.is_topic_message else None,
    )
