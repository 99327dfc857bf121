"""An admin: closes the petition, and sends the closing update as admins do."""

import asyncio
from collections.abc import Callable, Iterator, Sequence

from bot.app import App
from bot.petition.petition import Petition
from bot.text.translations import mark
from handlers.screens.buttons import AdminAction, AdminTap, DraftStep, DraftTap, read_tap
from simulator.person import Person
from storage import Kind, Tally
from storage.broadcast_states import OVER

_LONGEST_WAIT = 60.0
_LOOK_SECONDS = 1.0
# Seconds for each recipient after which a broadcast has not ended as it should.
_SLOWEST = 1.0
# The buttons that lead on to the sending; whichever is offered is tapped.
_ON_THE_WAY = (DraftStep.SECOND_CONFIRMATION, DraftStep.NEXT)
_ONWARD = (AdminAction.DRAFT, AdminAction.SEND)


class AdminStuck(Exception):
    """An admin cannot go on; the message, in Spanish, says what did not happen."""


class Admin:
    """An admin, with the bot whose state says whether what they asked for has happened.

    Where a second admin has to approve what is sent, that is the `approver`.
    """

    def __init__(
        self, person: Person, app: App, petition: Petition, approver: Person | None = None
    ) -> None:
        self._person = person
        self._approver = approver
        self._services = app.application.services
        self._petition = petition

    async def closes(self) -> None:
        """Closes the petition, or waits until it is closed by its date.

        Raises:
            AdminStuck: it is not closed after a minute.
        """
        if self._petition.closes_at is None:
            self._person.send("/close")
            await _taps(self._person, AdminAction.CLOSE)
        for _ in range(round(_LONGEST_WAIT / _LOOK_SECONDS)):
            if (await self._services.storage.petitions.state()).closed_at is not None:
                break
            await asyncio.sleep(_LOOK_SECONDS)
        else:
            raise AdminStuck(mark("La petición no se cerró."))
        # A draft of the closing update is rehearsed as it is; the report says that it is one.
        self._services.petition = self._petition.model_copy(update={"closing_is_draft": False})

    async def tells_everybody(self, progress: Callable[[Tally], None]) -> Tally | None:
        """Sends the closing update, and waits until it has ended; None if nobody is to be told.

        Raises:
            AdminStuck: it was not offered, or did not end.
        """
        broadcasts = self._services.storage.broadcasts
        waiting = sum((await broadcasts.audience(kind=Kind.CLOSING)).values())
        if waiting == 0:
            return None
        await self._sends_it()
        if self._approver is not None:
            await _taps(self._approver, AdminAction.APPROVE)
        for _ in range(round((waiting * _SLOWEST + _LONGEST_WAIT) / _LOOK_SECONDS)):
            await asyncio.sleep(_LOOK_SECONDS)
            sent = await broadcasts.latest()
            if sent is None:
                continue
            tally = await broadcasts.tally(sent.id)
            progress(tally)
            if sent.state in OVER:
                return tally
        raise AdminStuck(mark("El mensaje final no terminó de enviarse."))

    async def _sends_it(self) -> None:
        """Leads the closing update to the sending; again from the start where Telegram failed.

        Where it does not answer in the middle, the bot asks admins to try again.
        """
        for last_try in (False, False, True):
            self._person.send("/broadcast")
            try:
                await _taps(self._person, AdminAction.CLOSING_UPDATE)
                while await _taps(self._person, *_ONWARD) != AdminAction.SEND:
                    pass
                break
            except AdminStuck:
                if last_try:
                    raise


async def _taps(admin: Person, *actions: AdminAction) -> AdminAction:
    """Taps the first of these buttons that is offered, and returns what it does."""

    def found() -> tuple[int, str, AdminAction] | None:
        return next(_offered(admin, actions), None)

    offered = await admin.chat.notifier.wait_for(found, _LONGEST_WAIT)
    if offered is None:
        raise AdminStuck(mark("A quien administra no se le ofreció el botón siguiente."))
    message, data, action = offered
    await admin.tap_data(message, data).answered(_LONGEST_WAIT)
    # What is shown next replaces the button; with a second tap on it, nothing would change.
    await admin.chat.notifier.wait_for(lambda: found() != offered or None, _LONGEST_WAIT)
    return action


def _offered(
    admin: Person, actions: Sequence[AdminAction]
) -> Iterator[tuple[int, str, AdminAction]]:
    """Yields what is offered in the newest message with buttons that lead on."""
    for message in reversed(admin.messages):
        for button in (button for row in message.buttons for button in row):
            tap = read_tap(button.data)
            if not isinstance(tap, AdminTap) or tap.action is None or tap.action not in actions:
                continue
            draft = DraftTap.read(tap.argument)
            if tap.action is AdminAction.DRAFT and (
                draft is None or draft.step not in _ON_THE_WAY
            ):
                continue
            yield message.id, button.data or "", tap.action
