"""`View`: everything that a supporter's screen is drawn from, at one moment.

And what people read of the versions of the texts: the newest, and what each changed.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime

from bot.clocks import utc_now
from bot.petition.names import NameRefused, clean_name
from bot.petition.petition import Petition, asks_again, changes_since
from bot.petition.stages import Action, Place, Stage, SupporterStatus
from bot.petition_folder.schema import EarlierVersion, Texts
from bot.text.text_limits import SCREENFUL
from bot.text.translations import Words
from handlers.screens.buttons import Button, Style
from handlers.screens.screen import lines, paragraphs, sentences
from storage.closing_texts import ClosingText
from storage.conversations import Conversation
from storage.handovers import Handover
from storage.personal_data import Held
from storage.petitions import PetitionState
from storage.signatures import Signature
from telegram_text.markup import Html, length


@dataclass(frozen=True, slots=True)
class View:
    """The petition, the language and the person. Drawing reads nothing else.

    Attributes:
        words: the bot's own in the person's language.
        words_in: returns those in another one.
        held: everything stored of the person; only set for the screen of /mydata.
        closing_texts: the published versions, once the petition is closed.
        handover: that it was handed over, and how the person's signature was.
        any_left: whether any signature is still stored, once some were erased.
        now, today: the moment, and the day in the petition's time zone.
    """

    petition: Petition
    words: Words
    words_in: Callable[[str], Words]
    language: str
    petition_state: PetitionState
    conversation: Conversation
    signature: Signature | None
    full_name: str = field(repr=False)
    bot_username: str
    by_admin: bool = False
    held: Held | None = field(default=None, repr=False)
    closing_texts: Sequence[ClosingText] = ()
    handover: Handover | None = None
    any_left: bool = True
    now: datetime = field(default_factory=utc_now)
    today: date = date.min

    def text(self, source: str, /, **values: object) -> Html:
        """Translates a message in Telegram HTML."""
        return self.words.text(source, **values)

    def button(
        self,
        label: str,
        action: Action,
        argument: str = "",
        *,
        style: Style | None = None,
        **values: object,
    ) -> Button:
        """Returns a button; `label` is a source sentence, `values` what it names."""
        return Button(self.words.label(label, **values), action, argument, style=style)

    @property
    def profile_name(self) -> str | None:
        """The name of the Telegram profile; None if it is not valid for signing."""
        try:
            return clean_name(self.full_name)
        except NameRefused:
            return None

    @property
    def damage(self) -> Html | None:
        """A notice about a damaged name of the person; None if there is none."""
        if self.signature is not None and self.signature.is_damaged:
            return self.text(
                "⚠️ El nombre con el que firmaste está dañado y no se puede leer. Tu firma sigue "
                "contando, y puedes retirarla como siempre. Tiene que repararlo quien administra "
                "este bot."
            )
        if self.conversation.is_damaged:
            return self.text(
                "⚠️ El nombre que habías escrito está dañado y no se puede leer. Si quieres "
                "firmar, escríbelo otra vez, por favor."
            )
        return None

    @property
    def name_handed_over_on(self) -> date | None:
        """The day on which the person's name was handed over; None if it was not."""
        if self.handover is None or not self.handover.with_their_name:
            return None
        return self.handover.handed_over_on

    @property
    def is_counted(self) -> bool:
        """Whether there is a signature of the person's that counts."""
        return self.signature is not None and self.signature.is_counted

    @property
    def is_owed_the_end(self) -> bool:
        """Whether the person is still to be told how the petition ended."""
        return self.is_counted and self.signature is not None and not self.signature.was_told

    @property
    def handed_over(self) -> Html | None:
        """How the person's signature is handed over, or was; None if it is not.

        Of one that is not counted it is not said why: that would tell the maker of a wave of false
        ones what to do otherwise.
        """
        signature, handover = self.signature, self.handover
        if signature is None:
            return None
        how: Html | None = None
        if handover is None:
            how = self.text(
                "Tu firma se entregará con tu nombre."
                if signature.with_name and not signature.is_only_stored
                else "Tu firma se entregará sin tu nombre, y cuenta igual."
            )
        elif handover.with_their_name is not None:
            how = self.text(
                "Tu nombre está en la lista que se entregó el {date}."
                if handover.with_their_name
                else "En la entrega del {date}, tu firma se contó sin tu nombre.",
                date=self.words.date(handover.handed_over_on),
            )
        if signature.is_counted:
            return how
        not_counted = self.text(
            "<b>Por ahora tu firma no se cuenta ni se entrega.</b> Se ha apartado junto con "
            "otras, por si no fueran auténticas. Si la hiciste tú, escribe a {contact} y se "
            "revisará. Mientras tanto no te escribiremos, salvo para avisarte de una brecha de "
            "seguridad.",
            contact=self.petition.contact,
        )
        return sentences(handover is not None and how, not_counted)

    @property
    def texts(self) -> Texts:
        """The petition's texts in the person's language."""
        return self.petition.texts_in(self.language)

    @property
    def with_name(self) -> bool | None:
        """Whether the form is one with a name: as the petition has it, or as was chosen."""
        offered = self.petition.with_name
        return self.conversation.with_name if offered is None else offered

    @property
    def may_give_name(self) -> bool:
        """Whether somebody who signed without a name can still have theirs handed over."""
        signature = self.signature
        if signature is None or signature.with_name or signature.is_only_stored:
            return False  # of data that may only be stored no name is used
        return self.handover is None and self.petition.with_name is not False

    @property
    def asked_again(self) -> bool:
        """Whether the person is asked about texts that changed after they signed."""
        signature = self.signature
        if signature is None or signature.is_only_stored or not signature.is_counted:
            return False
        return self.handover is None and asks_again(
            self.petition, signature.text_version, signature.kept_version
        )

    @property
    def privacy(self) -> tuple[str, ...]:
        """The pages of the privacy notice; the last ones say which version the texts have."""
        signed = None if self.signature is None else self.signature.text_version
        pages = version_pages(self.words, self.petition, self.language, signed)
        return (*self.texts.privacy, *pages)

    @property
    def count(self) -> int:
        """How many signed: the current count, or once closed the count at the closing."""
        return self.petition_state.told_signatures

    @property
    def status(self) -> SupporterStatus:
        """The facts that the rules of stages need."""
        return SupporterStatus(
            closed=self.petition_state.is_closed,
            signed=self.signature is not None,
            named=self.conversation.name is not None,
            appeal_pages=len(self.texts.appeal),
            privacy_pages=lambda: len(self.privacy),
            with_name=self.with_name,
            has_name=self.signature is not None and self.signature.with_name,
            may_give_name=self.may_give_name,
            counted=self.signature is None or self.signature.is_counted,
            asked_again=self.asked_again,
        )

    @property
    def place(self) -> Place:
        """The person's stage as stored in their conversation; the home screen if it is unknown."""
        stored, aside_from = self.conversation, self.conversation.return_stage
        try:
            stage = _stage(stored.stage)
            return Place(stage, stored.page, _stage(aside_from) if aside_from else None)
        except ValueError:
            return Place()


def _stage(stored: str) -> Stage:
    # An earlier version asked in between whether a name was one.
    return Stage.CONSENT if stored == "name_check" else Stage(stored)


def version_pages(
    words: Words, petition: Petition, language: str, signed: str | None
) -> Sequence[Html]:
    """Returns the pages that say which version the texts have, and what changed between versions.

    `signed` is the version that the reader consented to; None without a signature.
    """
    now = words.text(
        "<b>Versión de los textos</b>\n\nLa de ahora es del {date}.",
        date=words.version(petition.version),
    )
    if signed is not None and signed != petition.version:
        mine = words.text(
            "La que aceptaste es del {date}, y tu firma sigue valiendo con ella: sus palabras "
            "están en el archivo de /mydata.",
            date=words.version(signed),
        )
        now = sentences(now, mine)
    heading = words.text("<b>Qué ha cambiado</b>")
    pages = [now]
    for line in change_lines(words, petition.earlier_versions, language):
        begun, last = lines(heading, line), pages[-1]
        longer = lines(last, line) if heading in last else paragraphs(last, begun)
        if length(longer) <= SCREENFUL:
            pages[-1] = longer
        else:
            pages.append(begun)
    return pages


def change_lines(words: Words, changed: Sequence[EarlierVersion], language: str) -> Sequence[Html]:
    """Returns a line for each version, with what was changed after it."""
    return [
        words.text(
            "• Desde la versión del {date}: {change}",
            date=words.version(each.date),
            change=each.changed[language],
        )
        for each in changed
    ]


def change_to_answer(petition: Petition, signed: str, language: str) -> str | None:
    """Returns what changed in the version about which is asked; None if nobody wrote it."""
    since = petition.asks_again_since or ""
    before = [each for each in changes_since(petition, signed) if each.date < since]
    return before[0].changed[language] if before else None
