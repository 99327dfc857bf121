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


def test_a_source_is_named_from_five_on_and_all_others_stand_with_who_came_by_themselves() -> None:
    found = origins({"maria": 1, "luz": 4, "radio": 5, "boletin": 14, None: 10})
    assert list(found.named.items()) == [("boletin", 14), ("radio", 5)]
    assert found.others == 1 + 4 + 10


def test_with_nothing_left_over_there_are_no_others() -> None:
    assert origins({"radio": 10}) == Origins({"radio": 10}, 0)
    assert origins({}) == Origins({}, 0)


def test_at_most_fifteen_are_named_and_the_smallest_go_with_the_others() -> None:
    found = origins({f"link{number}": 100 - 5 * number for number in range(16)})
    assert len(found.named) == 15
    assert "link15" not in found.named
    assert found.others == 25


@given(counts)
def test_the_figures_add_up_and_name_nobody_small(by_source: dict[str | None, int]) -> None:
    found = origins(by_source)
    assert sum(found.named.values()) + found.others == sum(by_source.values())
    assert all(count == by_source[source] >= 5 for source, count in found.named.items())


@given(counts, st.sampled_from(["link0", "link1", None]), st.sampled_from(["link2", "link3"]))
def test_nobody_can_tell_a_signature_by_a_small_link_from_one_by_none(
    by_source: dict[str | None, int], one: str | None, other: str
) -> None:
    """Not even by what is missing from the total, before and after."""
    assume(all(each is None or by_source.get(each, 0) < 4 for each in (one, other)))
    assert one_more(by_source, one) == one_more(by_source, other)


async def test_a_link_made_for_one_person_is_not_told_to_the_admins(scene: Scene) -> None:
    for person, link in ((scene.ana, "para-ana-garcia"), (scene.jordi, None)):
        person.start(link)
        await scene.settled()
        await scene.signs(person)
    scene.marta.send("/stats")
    said = await scene.marta.sees("Firmas: 2")
    assert "ana" not in said.text.lower().replace("persona", "").replace("semana", "")
    assert "(directo y otros): 2" in said.text
    # She herself is shown hers.
    scene.ana.send("/mydata")
    await scene.settled()
    assert "Cómo llegaste: para-ana-garcia" in scene.living(scene.ana).text
