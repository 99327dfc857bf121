"""The signing form: takes the name, the choices and the consent, and signs."""

from dataclasses import replace
from typing import Unpack

from bot.petition.names import NameRefused, clean_name
from bot.petition.petition import notice_mark, notice_text
from bot.petition.signing_rate import form_seconds
from bot.petition.stages import (
    AGAIN,
    Action,
    Place,
    Stage,
    expects_name,
    in_form,
    nearest_valid_stage,
)
from bot.text.translations import mark
from handlers.screens.signing import consent_mark, consent_words
from handlers.supporter_context import Changes, SupporterContext
from storage.consents import Consent
from storage.petitions import close_petition_if_due
from storage.signatures import sign_petition
from telegram_text.markup import Html

CHANGED_TEXT = mark(
    "El texto ha cambiado desde que lo leíste. Léelo otra vez, por favor, antes de firmar."
)


async def take_name(ctx: SupporterContext, typed: str) -> None:
    """Stores a typed name and goes on to the consent, or says what is wrong with the name."""
    if (name := await accepted_name(ctx, typed)) is not None:
        await _with_name(ctx, name).show()


async def accepted_name(ctx: SupporterContext, typed: str) -> str | None:
    """Returns a name as it is stored; None after saying what is wrong with it."""
    try:
        return clean_name(typed)
    except NameRefused as refused:
        await ctx.say(Html(f"⚠️ {ctx.words.text(refused.problem)}"))
        return None


def _with_name(ctx: SupporterContext, name: str) -> SupporterContext:
    """Returns the context at the consent to this name: when signing, or later."""
    place = ctx.view.place
    return ctx.with_stage(Place(Stage.CONSENT) if place.stage is Stage.NAME else place, name=name)


async def keep_name(ctx: SupporterContext, typed: str) -> None:
    """Handles a text at the consent: neither signs nor changes the name, since it may be "ok".

    If it is the name itself, the update may be a repeated one, so nothing is explained.
    """
    if typed.strip() == ctx.conversation.name:
        await ctx.show()
        return
    words, stage = ctx.words, ctx.view.place.stage
    await ctx.say(
        words.text(
            "Para que tu firma se entregue con tu nombre, pulsa «✍️ Consiento que se entregue». "
            "Para hacerlo con otro nombre, pulsa «Cambiar el nombre»."
        )
        if stage is Stage.NAME_CONSENT
        else words.text(
            "Para firmar, pulsa «✍️ Consiento y firmo». Para hacerlo con otro nombre, pulsa "
            "«Cambiar el nombre»."
            if ctx.view.with_name
            else "Para firmar sin dar tu nombre, pulsa «✍️ Consiento y firmo». Lo que has escrito "
            "no se ha guardado."
        )
    )


async def use_profile_name(ctx: SupporterContext) -> None:
    """Takes the name of the Telegram profile as the name to sign with."""
    if (name := ctx.view.profile_name) is not None:
        ctx = _with_name(ctx, name)
    await ctx.show()


async def choose_name(ctx: SupporterContext, *, with_name: bool) -> None:
    """Begins the form with a name or without, or goes on without the name that was typed."""
    typed = ctx.conversation.name if with_name else None
    chosen = ctx.with_stage(Place(Stage.CONSENT), with_name=with_name, name=typed)
    await chosen.at_valid_stage().show()  # at the question for the name, if it lacks


async def choose(ctx: SupporterContext, **chosen: Unpack[Changes]) -> None:
    """Keeps in the form what was chosen beside the consent: fields of the conversation."""
    await ctx.with_stage(ctx.view.place, **chosen).show()


async def confirm(ctx: SupporterContext, agreed_to: str) -> None:
    """Signs, and shows the thanks once the signature is committed.

    `agreed_to` is the `consent_mark` of the text above the button. If the text has changed
    since, or the privacy notice that was shown before, nothing is signed: a consent covers only
    the words that were seen, and what is new is shown first.
    """
    if await shows_what_changed(ctx, agreed_to, consent_words(ctx.view)):
        return
    before = ctx
    ctx = ctx.with_stage(Place(Stage.THANKS))
    form = before.conversation
    has_signed = await ctx.storage.write(
        sign_petition,
        ctx.conversation,
        before.was,
        ctx.now,
        _consent_to_sign(before),
        chat_id=ctx.chat_id,
        name=form.name if before.view.with_name else None,
        source=form.source,
        form_seconds=form_seconds(form.form_started_at, ctx.now),
    )
    if not has_signed:
        now, above = ctx.now, ctx.services.approval_above
        await ctx.storage.write(close_petition_if_due, now, above)
    ctx = (await ctx.reloaded()).at_valid_stage()
    if not has_signed:
        # From the form, so that the screen says that nothing was signed.
        ctx = ctx.with_stage(nearest_valid_stage(before.view.place, ctx.view.status))
    await ctx.show()


async def shows_what_changed(ctx: SupporterContext, agreed_to: str, consented: str) -> bool:
    """Shows the words, or the privacy notice, again if they changed since they were seen."""
    notice = notice_mark(ctx.view.petition)
    if ctx.conversation.notice != notice:
        ctx = ctx.with_stage(replace(ctx.view.place, page=AGAIN), notice=notice)
    elif agreed_to == consent_mark(ctx.view, consented):
        return False
    await ctx.show(ctx.words.text(CHANGED_TEXT))
    return True


async def cancel(ctx: SupporterContext) -> None:
    """Leaves the form, or the correction of a name, and erases what was typed into it."""
    words, place = ctx.words, ctx.view.place
    if place.stage in (Stage.NEW_NAME, Stage.NAME_CONSENT):
        await ctx.after(Action.BACK).say(words.text("De acuerdo: tu firma sigue como estaba."))
        return
    # Who has signed is in no form, though something typed may still wait to be deleted.
    typing = ctx.view.signature is None and (
        in_form(place) or expects_name(place) or ctx.conversation.name_message_ids
    )
    notice = words.text(
        "De acuerdo: no has firmado, y no hemos guardado ningún nombre."
        if typing
        else "No había nada que cancelar."
    )
    await ctx.after(Action.HOME).say(notice)


def _consent_to_sign(ctx: SupporterContext) -> Consent:
    view, conversation = ctx.view, ctx.conversation
    updates_at_most = view.petition.updates_at_most if conversation.updates else 0
    chosen = {"signature": True, "updates": updates_at_most > 0, "news": conversation.news}
    return consent_to(
        ctx,
        consent_words(view),
        *(purpose for purpose, is_chosen in chosen.items() if is_chosen),
        with_name=view.with_name is True,
        updates_at_most=updates_at_most,
    )


def consent_to(
    ctx: SupporterContext,
    words: str,
    *purposes: str,
    with_name: bool,
    updates_at_most: int = 0,
) -> Consent:
    """Returns a consent to these words, given on the person's present screen."""
    view = ctx.view
    return Consent(
        text=words,
        notice=notice_text(view.texts),
        text_version=view.petition.version,
        language=view.language,
        purposes=frozenset(purposes),
        updates_at_most=updates_at_most,
        with_name=with_name,
        message_id=ctx.message_id or ctx.conversation.message_id or 0,
    )
