"""The handlers of all updates, registered in one list."""

from __future__ import annotations

from telegram import Update
from telegram.ext import (
    BaseHandler,
    CallbackQueryHandler,
    ChatMemberHandler,
    CommandHandler,
    MessageHandler,
    filters,
)

from handlers import (
    admin_callbacks,
    blocked_chats,
    closing,
    groups,
    mute,
    statistics,
    supporter_callbacks,
    supporter_commands,
    supporter_messages,
)
from handlers.broadcasts import draft_input, history, menu
from handlers.context import Context, PetitionApplication
from handlers.screens.buttons import NO_MORE_NEWS
from handlers.too_often import counted
from handlers.update_filters import (
    GROUP_MESSAGE,
    PRIVATE_EDIT,
    PRIVATE_MESSAGE,
    AdminCommandFilter,
    AdminContentFilter,
    TapElsewhere,
)

Handler = BaseHandler[Update, Context, None]


def register(application: PetitionApplication) -> None:
    """Adds every handler; PTB calls the first one that matches, so the order matters."""
    application.add_handlers(_handlers(application.services.admins))


def _handlers(admins: frozenset[int]) -> list[Handler]:
    by_admin = PRIVATE_MESSAGE & AdminCommandFilter(admins)
    sent_by_admin = PRIVATE_MESSAGE & AdminContentFilter(admins)
    return [
        # First among the tap handlers: the others expect a tap in a person's own chat.
        TapElsewhere(groups.led_to_private_chat),
        CommandHandler("close", closing.close, by_admin),
        CommandHandler("reopen", closing.reopen, by_admin),
        CommandHandler("broadcast", menu.broadcast, by_admin),
        CommandHandler("broadcasts", history.broadcasts, by_admin),
        CommandHandler("stats", statistics.stats, by_admin),
        CommandHandler("start", counted("start", supporter_commands.start), PRIVATE_MESSAGE),
        CommandHandler("help", counted("help", supporter_commands.help_), PRIVATE_MESSAGE),
        CommandHandler(
            "language", counted("language", supporter_commands.language), PRIVATE_MESSAGE
        ),
        CommandHandler("privacy", counted("privacy", supporter_commands.privacy), PRIVATE_MESSAGE),
        CommandHandler("mydata", counted("mydata", supporter_commands.my_data), PRIVATE_MESSAGE),
        CommandHandler("withdraw", supporter_commands.withdraw, PRIVATE_MESSAGE),
        CommandHandler("stop", mute.stop, PRIVATE_MESSAGE),
        CommandHandler("cancel", draft_input.cancel, by_admin),
        CommandHandler("cancel", counted("cancel", supporter_commands.cancel), PRIVATE_MESSAGE),
        MessageHandler(PRIVATE_MESSAGE & filters.COMMAND, supporter_messages.unknown_command),
        MessageHandler(sent_by_admin & ~filters.StatusUpdate.ALL, draft_input.sent),
        MessageHandler(PRIVATE_MESSAGE & filters.TEXT, supporter_messages.written),
        MessageHandler(PRIVATE_MESSAGE & ~filters.StatusUpdate.ALL, supporter_messages.sent_media),
        MessageHandler(PRIVATE_EDIT & AdminContentFilter(admins), draft_input.edited),
        MessageHandler(PRIVATE_EDIT, supporter_messages.edited),
        CommandHandler(groups.COMMANDS, groups.invited, GROUP_MESSAGE),
        CallbackQueryHandler(admin_callbacks.dispatch, admin_callbacks.is_order),
        CallbackQueryHandler(mute.refused_under_news, f"^{NO_MORE_NEWS}$"),
        CallbackQueryHandler(supporter_callbacks.tapped),
        ChatMemberHandler(blocked_chats.changed, ChatMemberHandler.MY_CHAT_MEMBER),
    ]
