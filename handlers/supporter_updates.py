"""What supporters send and tap: commands, names for the form, buttons, and all that is unexpected.

A command or a message is answered with a screen as the newest message of the chat, a tap in the
message that was tapped.
"""

import re
from collections.abc import Awaitable, Callable, Mapping
from functools import partial

from telegram import Message

from bot.petition.names import is_surely_a_name
from bot.petition.stages import AGAIN, KEPT_STAGES, Action, Place, Stage, allowed, expects_name
from bot.setup import is_admin_code
from bot.text.translations import mark
from handlers import my_data, opt_out, signing
from handlers.bot_profile import offer_menu
from handlers.read_update import is_there
from handlers.requests_per_person import WRITTEN
from handlers.screens.buttons import SupporterTap, read_tap
from handlers.screens.screen import sentences
from handlers.supporter_context import SupporterContext
from storage.admins import add_audit
from telegram_text.markup import Html

Handler = Callable[[SupporterContext], Awaitable[None]]

# Telegram's rule for the payload of a start link: https://core.telegram.org/bots/features
_PAYLOAD = re.compile(r"[A-Za-z0-9_-]{1,64}")

_ASKS_NAME = (Stage.NAME, Stage.NEW_NAME, Stage.NAME_CONSENT)
_WRITE_NAME = mark("Escribe el nombre en un mensaje de texto nuevo, por favor.")


async def _start(ctx: SupporterContext) -> None:
    """Handles /start: shows the petition, and stores the source tag of the link."""
    # Who is new was hardly an admin before. Of one whose language the petition lacks nothing may
    # be stored: their menu goes at the second /start.
    if ctx.view.by_admin or ctx.stored is not None:
        await offer_menu(ctx.services, ctx.user.id, ctx.words)
    language = ctx.conversation.language or ctx.spoken
    # Whose Telegram is in a language that the petition lacks is asked which one they prefer; once,
    # at the first contact, so that people who pass over it are not asked again.
    may_prefer = ctx.user.language_code and len(ctx.view.petition.languages) > 1
    is_asked = language is None and not ctx.was and may_prefer
    place = Place(Stage.LANGUAGE) if is_asked else Place()
    await ctx.with_stage(place, source=_source(ctx), language=language).say()


async def _my_data(ctx: SupporterContext) -> None:
    """Handles /mydata: shows everything stored of the person; recorded in the audit."""
    await ctx.storage.write(add_audit, "my_data", actor=None, at=ctx.now)
    await ctx.after(Action.MY_DATA).say()


async def _withdraw(ctx: SupporterContext) -> None:
    """Handles /withdraw: asks whether to withdraw the signature."""
    if ctx.view.signature is None:
        said = ctx.words.text("No guardamos ninguna firma tuya: no hay nada que retirar.")
        # Going to the home screen also erases a typed name that was not signed with.
        await ctx.with_stage(Place()).say(said)
        return
    await ctx.after(Action.WITHDRAW).say()


COMMANDS: Mapping[str, Handler] = {
    "start": _start,
    "help": lambda ctx: ctx.after(Action.HELP).say(),
    "language": lambda ctx: ctx.after(Action.LANGUAGES).say(),
    "privacy": lambda ctx: ctx.after(Action.PRIVACY).say(),
    "mydata": _my_data,
    "withdraw": _withdraw,
    "stop": opt_out.stop,
    "cancel": signing.cancel,
}


async def command(ctx: SupporterContext, *, name: str) -> None:
    """Handles a command, within the person's budget of it."""
    ctx = ctx.marking_command()
    if await ctx.is_within_budget(name):
        await COMMANDS[name](ctx)


def _source(ctx: SupporterContext) -> str | None:
    """Returns the source tag: the first one stays, and text that may be a name is not one.

    Nor is the code of `petition-bot init`, which comes here if it was not the oldest update.
    """
    known = ctx.conversation.source
    if known is not None or ctx.view.signature is not None:
        return known
    if ctx.message is not None and ctx.message.message_id in ctx.conversation.name_message_ids:
        return None
    payload = ctx.after_command
    return payload if _PAYLOAD.fullmatch(payload) and not is_admin_code(payload) else None


async def _set_language(ctx: SupporterContext, language: str) -> None:
    """Stores the language and returns to the screen before; ignores an unknown language.

    After the very first question the petition comes as a new message, below its picture.
    """
    if language not in ctx.view.petition.languages:
        await ctx.show()
        return
    back = ctx.after(Action.SET_LANGUAGE)
    await back.with_stage(back.view.place, language=language).save()
    await (await ctx.reloaded()).show(at_bottom=ctx.conversation.language is None)


_EFFECTS: Mapping[Action, Callable[[SupporterContext, str], Awaitable[None]]] = {
    Action.PROFILE_NAME: lambda ctx, _: signing.use_profile_name(ctx),
    Action.UPDATES: lambda ctx, _: signing.choose(ctx, updates=not ctx.conversation.updates),
    Action.NEWS: lambda ctx, _: signing.choose(ctx, news=not ctx.conversation.news),
    Action.WITH_NAME: lambda ctx, _: signing.choose_name(ctx, with_name=True),
    Action.WITHOUT_NAME: lambda ctx, _: signing.choose_name(ctx, with_name=False),
    Action.CONFIRM: signing.confirm,
    Action.SET_LANGUAGE: _set_language,
    Action.DATA_FILE: lambda ctx, _: my_data.send_file(ctx),
    Action.RECEIPT: lambda ctx, _: my_data.send_receipt(ctx),
    Action.ACCEPT_TEXTS: my_data.accept_texts,
    Action.KEEP_TEXTS: lambda ctx, _: my_data.keep_texts(ctx),
    Action.ASK_NAME_CONSENT: lambda ctx, _: my_data.ask_name_consent(ctx),
    Action.GIVE_NAME: my_data.give_name,
    Action.REMOVE_NAME: lambda ctx, _: my_data.remove_name(ctx),
    Action.LETTER_CODE: lambda ctx, _: my_data.show_code(ctx),
    **{each: partial(opt_out.forbid, action=each) for each in opt_out.FORBIDDEN_BY},
    **{each: partial(opt_out.allow, action=each) for each in (Action.LIFT, Action.UNMUTE)},
}


# These create a file or a row, or ask for what will; the others only change an existing row.
_COUNTED = frozenset(
    {
        *(Action.DATA_FILE, Action.CONFIRM, Action.CORRECT_NAME, Action.LETTER_CODE),
        *(Action.ASK_NAME_CONSENT, Action.RECEIPT),
    }
)


async def tapped(ctx: SupporterContext) -> None:
    """Carries out a tap if its button belongs to the person's current screen.

    A stale, replayed or forged button changes nothing; the current screen is shown.
    """
    # What an inaccessible message showed is unknown.
    tap = read_tap(ctx.query.data) if ctx.query and is_there(ctx.query) else None
    if (
        not isinstance(tap, SupporterTap)
        or tap.version != ctx.conversation.version
        or not allowed(tap.action, ctx.view.place)
    ):
        await ctx.show()
        return
    if tap.action in _COUNTED and not await ctx.is_within_budget(tap.action):
        return
    if tap.action in _EFFECTS:
        await _EFFECTS[tap.action](ctx, tap.argument)
    else:
        await ctx.after(tap.action, page=tap.page).show()


async def sent(ctx: SupporterContext) -> None:
    """Handles a text: the name if the form asks for one, else points to the buttons.

    Of a photo, sticker, voice message or the like nothing is stored.
    """
    await _take(ctx, _read if _message(ctx).text else _refuse_media)


async def unknown_command(ctx: SupporterContext) -> None:
    """Handles a command that does not exist, or not for this person."""
    said = ctx.words.text("Ese comando no existe aquí. Con /help verás lo que puedes hacer.")
    await _take(ctx.marking_command(), lambda ctx: ctx.say(said))


async def _refuse_media(ctx: SupporterContext) -> None:
    await ctx.say(
        ctx.words.text(
            _WRITE_NAME
            if ctx.view.place.stage in _ASKS_NAME
            else "Este chat solo entiende texto y botones; lo que has enviado no se ha guardado."
        )
    )


async def edited(ctx: SupporterContext) -> None:
    """Handles an edit: of a message sent to the form like a new text, of any other as no change.

    Messages without text and caption, such as live locations, change by themselves and get no
    reply.
    """
    message = _message(ctx)
    if message.text is None and message.caption is None:
        return
    if _was_sent_to_form(ctx):
        await _take(ctx, _read)
    elif await ctx.is_within_budget(WRITTEN):
        await _answer(ctx, ctx.words.text("Aquí, editar un mensaje no cambia nada."))


async def _take(ctx: SupporterContext, handle: Handler) -> None:
    """Handles a message that may be meant for the form, within the person's budget."""
    ctx = _cleared_form(ctx)
    if await ctx.is_within_budget(WRITTEN):
        await handle(ctx)


def _was_sent_to_form(ctx: SupporterContext) -> bool:
    """Whether an edited message was sent to the form: it is below the screen, or to be deleted.

    A message above the screen was written before the form was shown, and may have been a
    question. An admin's message may have been written for a broadcast, and has to stay.
    """
    message_id, screen = _message(ctx).message_id, ctx.conversation.message_id
    if message_id in ctx.conversation.name_message_ids:
        return True
    return not ctx.view.by_admin and screen is not None and message_id > screen


async def _read(ctx: SupporterContext) -> None:
    """Handles a text according to the person's stage."""
    text, place = _message(ctx).text or "", ctx.view.place
    is_asked_later = place.stage is Stage.NAME_CONSENT and ctx.conversation.name is None
    if place.stage is Stage.NAME or is_asked_later:
        await signing.take_name(ctx, text)
    elif place.stage in (Stage.CONSENT, Stage.NAME_CONSENT):
        await signing.keep_name(ctx, text)
    elif place.stage is Stage.NEW_NAME:
        await my_data.correct_name(ctx, text)
    elif expects_name(place):
        await ctx.say()  # the screen says that it is closed and nothing was signed
    else:
        await _answer(ctx)


async def _answer(ctx: SupporterContext, first: Html | None = None) -> None:
    """Replies to a message outside the form; deletes it if it is surely a name.

    Any other message stays, and the reply says so.
    """
    message, words, signature = _message(ctx), ctx.words, ctx.view.signature
    text = message.text or message.caption or ""
    if signature is not None and text.strip() == signature.name and not ctx.view.by_admin:
        # Also when the update of a correction is repeated.
        ctx = ctx.marking_for_deletion(message.message_id)
        await ctx.say(words.text("Tu firma lleva ese nombre."))
        return
    is_name = not ctx.view.by_admin and is_surely_a_name(text, ctx.user.full_name)
    if is_name:
        ctx = ctx.marking_for_deletion(message.message_id)
        first = words.text("Eso parecía un nombre; no se ha guardado.")
    await ctx.say(
        sentences(
            first,
            words.text(
                _WRITE_NAME
                if ctx.view.place.stage in _ASKS_NAME
                else "Este chat funciona con botones: elige uno de los de abajo, por favor."
            ),
            not is_name
            and words.text(
                "Lo que has escrito se queda en este chat; si lleva tu nombre, puedes borrarlo tú."
            ),
        )
    )


def _cleared_form(ctx: SupporterContext) -> SupporterContext:
    """Returns the context with the message marked for deletion if it was sent to the form.

    A name that was nearly signed with is as personal as one signed with. Who has answered the
    question for the name, and is asked again, is not shown the privacy notice a second time.
    """
    if ctx.view.place.stage in KEPT_STAGES:
        return ctx.with_stage(Place())  # the answer comes below what stays in the chat
    if not expects_name(ctx.view.place):
        return ctx
    if ctx.view.place.stage is Stage.NAME and ctx.is_shown:
        ctx = ctx.with_stage(Place(Stage.NAME, AGAIN))
    return ctx.marking_for_deletion(_message(ctx).message_id)


def _message(ctx: SupporterContext) -> Message:
    if ctx.message is None:
        raise ValueError("A message handler needs a message.")
    return ctx.message
