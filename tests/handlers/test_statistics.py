"""Statistics by source do not reveal who signed."""

from typing import Any

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from bot.petition.counts import told_apart
from storage.signatures import Stats, signature_statistics
from tests.support.scene import Scene
from tests.support.storage_calls import call_instead

counts = st.dictionaries(
    st.none() | st.sampled_from([f"link{number}" for number in range(30)]),
    st.integers(1, 40),
    max_size=25,
)


def one_more(by_source: dict[str | None, int], source: str | None) -> object:
    return told_apart({**by_source, source: by_source.get(source, 0) + 1}.items())


def test_a_source_is_named_from_five_on_and_all_others_stand_with_who_came_by_themselves() -> None:
    came = {"maria": 1, "luz": 4, "radio": 5, "boletin": 14, None: 10}
    named, others = told_apart(came.items())
    assert list(named.items()) == [("boletin", 14), ("radio", 5)]
    assert others == 1 + 4 + 10
    assert told_apart([("radio", 10)]) == ({"radio": 10}, 0)
    assert told_apart(()) == ({}, 0)


@given(counts)
def test_the_figures_add_up_and_name_nobody_small(by_source: dict[str | None, int]) -> None:
    named, others = told_apart(by_source.items())
    assert sum(named.values()) + others == sum(by_source.values())
    assert all(count == by_source[source] >= 5 for source, count in named.items())
    # What is left is of who came by no link and by all small ones, of nobody alone.
    small = [count for source, count in by_source.items() if source is None or count < 5]
    assert others == sum(small)


@given(counts, st.sampled_from(["link0", "link1", None]), st.sampled_from(["link2", "link3"]))
def test_nobody_can_tell_a_signature_by_a_small_link_from_one_by_none(
    by_source: dict[str | None, int], one: str | None, other: str
) -> None:
    """Not even by what is missing from the total, before and after."""
    assume(all(each is None or by_source.get(each, 0) < 4 for each in (one, other)))
    assert one_more(by_source, one) == one_more(by_source, other)


async def test_of_very_many_links_those_that_are_not_named_have_a_line_of_their_own(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    large: dict[str | None, int] = {f"link{number}": 100 - number for number in range(17)}

    async def stats(*_: Any, **__: Any) -> Stats:
        return Stats(1613, 7, {"es": 1613}, {**large, "luz": 2, None: 11}, 3, 1600, 5, 4)

    call_instead(monkeypatch, signature_statistics, stats)
    await scene.starts(scene.marta)
    scene.marta.send("/stats")
    said = await scene.marta.sees("Firmas: 1.613")
    assert "Con su nombre: 1.600. Sin su nombre: 13." in said.text
    assert "Hoy: 7\n\nSin contar, por anuladas: 4\n" in said.text
    assert "Personas que han bloqueado el bot o han dejado Telegram: 3\n" in said.text
    assert "porque su plazo ha vencido: 5." in said.text
    assert "link14: 86\n(otros enlaces): 169\n(directo y otros): 13\n" in said.text
