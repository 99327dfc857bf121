"""Handles supporters' messages: names for the signing form, and everything unexpected."""

from telegram import Message

from bot.petition.names import is_surely_a_name
from bot.petition.stages import AGAIN, KEPT_STAGES, Place, Stage, expects_name
from bot.text.translations import mark
from handlers import my_data, signing
from handlers.request_budget import WRITTEN
from handlers.supporter_context import SupporterContext
from telegram_text.markup import Html

_NAME_LATER = (Stage.NEW_NAME, Stage.NAME_CONSENT)
_NOTHING_EDITED = mark("Aquí, editar un mensaje no cambia nada.")


async def written(ctx: SupporterContext) -> None:
    """Handles a text: the name if the form asks for one, else points to the buttons."""
    ctx = _cleared_form(ctx.at_valid_stage())
    if await ctx.is_within_budget(WRITTEN):
        await _read(ctx)


async def unknown_command(ctx: SupporterContext) -> None:
    """Handles a command that does not exist, or not for this person."""
    ctx = _cleared_form(ctx.marking_command().at_valid_stage())
    if not await ctx.is_within_budget(WRITTEN):
        return
    words = ctx.words
    await ctx.say(words.text("Ese comando no existe aquí. Con /help verás lo que puedes hacer."))


async def sent_media(ctx: SupporterContext) -> None:
    """Handles a photo, sticker, voice message or the like; nothing of it is stored."""
    ctx = _cleared_form(ctx.at_valid_stage())
    if not await ctx.is_within_budget(WRITTEN):
        return
    stage = ctx.view.place.stage
    await ctx.say(
        ctx.words.text(
            "Para firmar, escribe tu nombre en un mensaje de texto, por favor."
            if stage is Stage.NAME
            else "Escribe el nombre en un mensaje de texto, por favor."
            if stage in _NAME_LATER
            else "Este chat solo entiende texto y botones; lo que has enviado no se ha guardado."
        )
    )


async def edited(ctx: SupporterContext) -> None:
    """Handles an edit: of a message sent to the form like a new text, of any other as no change.

    Messages without text and caption, such as live locations, change by themselves and get no
    reply.
    """
    message, ctx = _message(ctx), ctx.at_valid_stage()
    if message.text is None and message.caption is None:
        return
    is_for_form = _was_sent_to_form(ctx)
    ctx = _cleared_form(ctx) if is_for_form else ctx
    if not await ctx.is_within_budget(WRITTEN):
        return
    if is_for_form:
        await _read(ctx)
    else:
        await _answer(ctx, _NOTHING_EDITED)


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


async def _answer(ctx: SupporterContext, first: str | None = None) -> None:
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
    told = [words.text(first)] if first is not None else []
    if is_name:
        ctx = ctx.marking_for_deletion(message.message_id)
        told = [words.text("Eso parecía un nombre; no se ha guardado.")]
    told.append(
        words.text(
            "Para firmar, escribe tu nombre en un mensaje nuevo, por favor."
            if ctx.view.place.stage is Stage.NAME
            else "Escribe el nombre en un mensaje nuevo, por favor."
            if ctx.view.place.stage in _NAME_LATER
            else "Este chat funciona con botones: elige uno de los de abajo, por favor."
        )
    )
    if not is_name:
        told.append(
            words.text(
                "Lo que has escrito se queda en este chat; si lleva tu nombre, puedes borrarlo tú."
            )
        )
    await ctx.say(Html(" ".join(told)))


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
