"""What people write without a command: names, and everything a form does not expect."""

from __future__ import annotations

from telegram import Message, Update

from bot.petition.journey import Stage

from . import signing
from .context import Context
from .visit import Visit, open_visit


async def written(update: Update, context: Context) -> None:
    """A text: the name, where one is asked for; otherwise the way on is shown."""
    visit = (await open_visit(update, context)).settled()
    message = _message(visit)
    words = visit.view.words
    if visit.view.place.stage is Stage.NAME and message.text is not None:
        await signing.take_name(visit, message.text, message.message_id)
        return
    if visit.view.place.stage is Stage.CONSENT and message.text is not None:
        await signing.keep_name(visit, message.text, message.message_id)
        return
    await visit.say(
        words.text("Este chat funciona con botones: elige uno de los de abajo, por favor.")
    )


async def unknown_command(update: Update, context: Context) -> None:
    """A command that does not exist, or not for this person."""
    visit = (await open_visit(update, context)).settled()
    words = visit.view.words
    await visit.say(words.text("Ese comando no existe aquí. Con /help verás lo que puedes hacer."))


async def sent_media(update: Update, context: Context) -> None:
    """A photo, a sticker, a voice message: nothing of it is kept."""
    visit = (await open_visit(update, context)).settled()
    words = visit.view.words
    await visit.say(
        words.text("Para firmar, escribe tu nombre en un mensaje de texto, por favor.")
        if visit.view.place.stage is Stage.NAME
        else words.text(
            "Este chat solo entiende texto y botones; lo que has enviado no se ha guardado."
        )
    )


async def edited(update: Update, context: Context) -> None:
    """A name that was refused may be put right by editing it; any other edit changes nothing.

    What has no text changes by itself, as a live location does, and is not answered.
    """
    if update.effective_message is None or update.effective_message.text is None:
        return
    visit = (await open_visit(update, context)).settled()
    message = _message(visit)
    attempt = message.message_id in visit.conversation.typed and message.text is not None
    if attempt and visit.view.place.stage is Stage.NAME:
        await signing.take_name(visit, message.text or "", message.message_id)
        return
    words = visit.view.words
    await visit.say(
        words.text("Aquí, editar un mensaje no cambia nada. Usa los botones, por favor.")
    )


def _message(visit: Visit) -> Message:
    if visit.message is None:
        raise ValueError("A message handler needs a message.")
    return visit.message
