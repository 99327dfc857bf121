"""Reads the petition folder again when it has changed, while the bot runs."""

import asyncio
from collections.abc import Iterable
from functools import partial

import structlog

from bot.petition.outcome import surplus
from bot.petition.petition import Petition, petition_of
from bot.petition_folder.files import PETITION_FILE, FolderState, folder_state
from bot.petition_folder.read import read_folder
from bot.petition_folder.unready import unready_problems
from bot.text.problems import PetitionInvalid, Problem, Sentence
from bot.text.translations import Catalogs, Words, mark
from handlers.admin_notices import Notice, Text, owe_admins
from handlers.bot_profile import publish_profile
from handlers.context import Services
from handlers.screens.screen import paragraphs
from storage.closing_texts import published_closing_texts
from storage.petitions import close_petition_if_due, follow_folder
from telegram_text.markup import Html, escape

_log = structlog.stdlib.get_logger()

# A change is read when two looks in a row have found the same, so that no file is half written.
LOOK_SECONDS = 2.0


class PetitionTexts:
    """Keeps the petition that the bot runs on as its folder is, while that has no problems.

    Args:
        services: have the petition, and get each new one.
        seen: the state of the folder that the petition was read from.
        unready: what it has that is not for real people, as a petition that is live may have.
    """

    def __init__(
        self, services: Services, seen: FolderState, unready: Iterable[Problem] = ()
    ) -> None:
        self._services = services
        self._folder = services.petition.folder
        self._seen = self._last = seen
        self._unready = frozenset(unready)
        self._refused: Problem | None = None
        self._is_done = True  # what the admins know last is that the texts are in use

    async def look(self) -> None:
        """Reads the folder if it has changed and stays as it is; tells the admins once."""
        before, self._last = self._last, await asyncio.to_thread(folder_state, self._folder)
        if self._last in (self._seen, frozenset()) or self._last != before:
            return
        try:
            read = await asyncio.to_thread(read_folder, self._folder)
            petition = await asyncio.to_thread(petition_of, read)
            if self._services.is_rehearsal:
                petition = petition.as_rehearsal(self._services.catalogs)
            self._require_same(petition)
            await self._require_room(petition)
        except PetitionInvalid as refused:
            self._refuse(refused.problems, _WILL_NOT_START)
            return
        unready = frozenset(unready_problems(read))
        new = sorted(unready - self._unready)
        if new and not self._services.is_rehearsal:
            self._refuse(tuple(new), _WILL_BE_USED)
            return
        if petition != self._services.petition or not self._is_done:
            await self._take(petition)
        self._seen, self._refused, self._is_done = self._last, None, True
        self._unready = unready

    def _require_same(self, petition: Petition) -> None:
        """Raises PetitionInvalid for another petition, or one that would close at once."""
        slug = self._services.petition.slug
        if petition.slug != slug:
            said = Sentence(
                "el bot está en marcha con la petición {slug}: para usar otra, reinícialo",
                slug=slug,
            )
            raise PetitionInvalid([Problem(PETITION_FILE, "slug", said)])

        closes_at = petition.closes_at
        is_new = closes_at != self._services.petition.closes_at
        if is_new and closes_at is not None and closes_at <= self._services.clock():
            said = Sentence(
                "este día ya ha pasado: para cerrar la petición ahora, escribe /close al bot"
            )
            raise PetitionInvalid([Problem(PETITION_FILE, "closes_on", said)])

    async def _require_room(self, petition: Petition) -> None:
        """Raises PetitionInvalid if what was published in the chat would not fit beside it."""
        published = await self._services.storage.read(published_closing_texts)
        problems = []
        for language in petition.languages:
            if over := surplus(petition, published, language):
                said = Sentence(
                    "junto con lo publicado con /closing, a la pantalla le sobran {n} caracteres",
                    n=over,
                )
                problems.append(Problem(f"{language}.toml", "closed", said))
        if problems:
            raise PetitionInvalid(problems)

    async def _take(self, petition: Petition) -> None:
        services, self._is_done = self._services, False
        # A date that has come is not moved: only /reopen opens the petition again.
        above = services.approval_above
        await services.storage.write(close_petition_if_due, services.clock(), above)
        await services.storage.write(follow_folder, petition.closes_at)
        if petition.time_zone != services.petition.time_zone:
            services.catalogs = Catalogs.load(time_zone=petition.time_zone)
        services.petition = petition
        _log.info("petition_folder_taken")
        await publish_profile(services)
        self._tell(lambda words: words.text(_TAKEN))

    def _refuse(self, problems: tuple[Problem, ...], if_restarted: str) -> None:
        self._seen, self._is_done = self._last, False
        first, count = problems[0], len(problems)
        _log.warning("petition_folder_refused", total=count)
        if first != self._refused:
            self._refused = first
            self._tell(partial(_refused, first, count, if_restarted))

    def _tell(self, text: Text) -> None:
        """Tells the admins, of several replicas by one of them."""
        if self._services.lease.is_ours():
            owe_admins(self._services, Notice("petition folder", "", text))


_TAKEN = mark(
    "✅ <b>El bot ya usa los textos que hay en la carpeta.</b>\n\n"
    "Han cambiado y no tienen problemas. Si ha cambiado lo que se acepta al firmar, quien estaba "
    "a punto de hacerlo tendrá que leerlo otra vez."
)
_WILL_NOT_START = mark(
    "El bot sigue con los de antes, y leerá los nuevos en cuanto estén bien. Si se reinicia "
    "mientras tanto, no arrancará."
)
_WILL_BE_USED = mark(
    "El bot sigue con los de antes. Corrígelos antes de reiniciarlo: si la petición ya tiene "
    "firmas, empezaría a usarlos tal como están."
)


def _refused(first: Problem, count: int, if_restarted: str, words: Words) -> Html:
    return paragraphs(
        words.text("⚠️ <b>Los textos de la carpeta han cambiado, y el bot no los usa.</b>"),
        words.plural("Tienen {n} problema:", "Tienen {n} problemas. El primero:", count),
        Html(f"<code>{escape(first.said(words))}</code>"),
        words.text(if_restarted),
    )
