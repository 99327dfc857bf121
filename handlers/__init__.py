"""What people see: every handler there is, registered in one visible list."""

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

from . import (
    closing,
    commands,
    groups,
    membership,
    messages,
    orders,
    silence,
    statistics,
    taps,
)
from .broadcasts import history, offering, writing
from .context import Context, PetitionApplication
from .guards import (
    GROUP_MESSAGE,
    PRIVATE_EDIT,
    PRIVATE_MESSAGE,
    ByAdmin,
    FromAdmin,
    TapElsewhere,
)
from .screens.rights import NO_MORE_NEWS
from .too_often import counted

Handler = BaseHandler[Update, Context, None]


def register(application: PetitionApplication) -> None:
    """Adds every handler. The first that fits an update takes it, so the order matters."""
    application.add_handlers(_handlers(application.services.admins))


def _handlers(admins: frozenset[int]) -> list[Handler]:
    by_admin = PRIVATE_MESSAGE & FromAdmin(admins)
    sent_by_admin = PRIVATE_MESSAGE & ByAdmin(admins)
    return [
        # Before every other handler of taps: none of them is asked about a tap elsewhere.
        TapElsewhere(groups.led_to_private_chat),
        CommandHandler("close", closing.close, by_admin),
        CommandHandler("reopen", closing.reopen, by_admin),
        CommandHandler("broadcast", offering.broadcast, by_admin),
        CommandHandler("broadcasts", history.broadcasts, by_admin),
        CommandHandler("stats", statistics.stats, by_admin),
        CommandHandler("start", counted("start", commands.start), PRIVATE_MESSAGE),
        CommandHandler("help", counted("help", commands.help_), PRIVATE_MESSAGE),
        CommandHandler("language", counted("language", commands.language), PRIVATE_MESSAGE),
        CommandHandler("privacy", counted("privacy", commands.privacy), PRIVATE_MESSAGE),
        CommandHandler("mydata", counted("mydata", commands.my_data), PRIVATE_MESSAGE),
        CommandHandler("withdraw", commands.withdraw, PRIVATE_MESSAGE),
        CommandHandler("stop", silence.stop, PRIVATE_MESSAGE),
        CommandHandler("cancel", writing.cancel, by_admin),
        CommandHandler("cancel", counted("cancel", commands.cancel), PRIVATE_MESSAGE),
        MessageHandler(PRIVATE_MESSAGE & filters.COMMAND, messages.unknown_command),
        MessageHandler(sent_by_admin & ~filters.StatusUpdate.ALL, writing.sent),
        MessageHandler(PRIVATE_MESSAGE & filters.TEXT, messages.written),
        MessageHandler(PRIVATE_MESSAGE & ~filters.StatusUpdate.ALL, messages.sent_media),
        MessageHandler(PRIVATE_EDIT & ByAdmin(admins), writing.edited),
        MessageHandler(PRIVATE_EDIT, messages.edited),
        CommandHandler(groups.COMMANDS, groups.invited, GROUP_MESSAGE),
        CallbackQueryHandler(orders.ordered, orders.is_order),
        CallbackQueryHandler(silence.refused_under_news, f"^{NO_MORE_NEWS}$"),
        CallbackQueryHandler(taps.tapped),
        ChatMemberHandler(membership.changed, ChatMemberHandler.MY_CHAT_MEMBER),
    ]
