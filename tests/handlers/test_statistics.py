"""Where signatures came from is told of many, and of no single person."""

from __future__ import annotations

from hypothesis import assume, given
from hypothesis import strategies as st

from handlers.statistics import Origins, origins
from tests.features.scene import Scene

counts = st.dictionaries(
    st.none() | st.sampled_from([f"link{number}" for number in range(30)]),
    st.integers(1, 40),
    max_size=25,
)


def one_more(by_source: dict[str | None, int], source: str | None) -> Origins:
    return origins({**by_source, source: by_source.get(source, 0) + 1})


def test_a_source_is_named_from_five_on_and_in_steps_of_five() -> None:
    found = origins({"maria": 1, "luz": 4, "radio": 5, "boletin": 14, None: 10})
    # In the order of what is shown, which tells nothing of the exact figures.
    assert list(found.named.items()) == [(None, 10), ("boletin", 10), ("radio", 5)]
    assert found.rest == 1 + 4 + 4


def test_with_nothing_left_over_there_is_no_rest() -> None:
    assert origins({"radio": 10}) == Origins({"radio": 10}, 0)
    assert origins({}) == Origins({}, 0)


def test_at_most_fifteen_are_named_and_the_smallest_go_with_the_rest() -> None:
    found = origins({f"link{number}": 100 - 5 * number for number in range(16)})
    assert len(found.named) == 15
    assert "link15" not in found.named
    assert found.rest == 25


@given(counts)
def test_the_figures_add_up_and_name_nobody_small(by_source: dict[str | None, int]) -> None:
    found = origins(by_source)
    assert sum(found.named.values()) + found.rest == sum(by_source.values())
    assert all(by_source[source] >= 5 for source in found.named)
    assert all(count >= 5 and count % 5 == 0 for count in found.named.values())


@given(counts, st.sampled_from(["link0", "link1", None]), st.sampled_from(["link2", "link3"]))
def test_nobody_can_tell_which_of_two_sources_one_more_signature_came_by(
    by_source: dict[str | None, int], one: str | None, other: str
) -> None:
    """Not even by what is missing from the total, before and after."""
    assume(all(by_source.get(each, 0) % 5 != 4 for each in (one, other)))
    first, second = one_more(by_source, one), one_more(by_source, other)
    assert list(first.named.items()) == list(second.named.items())
    assert first.rest == second.rest


async def test_a_link_made_for_one_person_is_not_told_to_the_admins(scene: Scene) -> None:
    for person, link in ((scene.ana, "para-ana-garcia"), (scene.jordi, None)):
        person.start(link)
        await scene.settled()
        await scene.signs(person)
    scene.marta.send("/stats")
    said = await scene.marta.sees("Firmas: 2")
    assert "ana" not in said.text.lower().replace("persona", "").replace("semana", "")
    assert "(otros): 2" in said.text
    assert "(directo)" not in said.text
    # She herself is shown hers.
    scene.ana.send("/mydata")
    await scene.settled()
    assert "Cómo llegaste: para-ana-garcia" in scene.living(scene.ana).text
