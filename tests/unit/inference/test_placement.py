"""Who goes to which worker, and with whom."""

import random

from hypothesis import given
from hypothesis import strategies as st

from inference.placement import LAST_CHANCE, Seat, Wish, arrange, may_join


def wish(
    job_id: str, *, blamed: int = 0, model: str = "m", adapters: tuple[str, ...] = (), kind: str = "image"
) -> Wish:
    return Wish(job_id=job_id, kind="image", model="m", adapters=adapters, blamed=blamed)


def seat(worker_id: str, free: int, **changes: object) -> Seat:
    return Seat(worker_id=worker_id, free={"image": free}, **changes)  # type: ignore[arg-type]


def test_arrange_prefers_the_model_in_memory_to_room() -> None:
    seats = [seat("a", 1, models=["m"]), seat("b", 8)]
    assert arrange([wish("1")], seats).placed == {"1": "a"}


def test_arrange_prefers_the_adapter_in_memory_where_both_have_the_model() -> None:
    seats = [seat("a", 8, models=["m"]), seat("b", 1, models=["m"], adapters=["rex"])]
    assert arrange([wish("1", adapters=("rex",))], seats).placed == {"1": "b"}


def test_arrange_spreads_over_equal_workers() -> None:
    placed = arrange([wish("1"), wish("2")], [seat("a", 4), seat("b", 4)]).placed
    assert set(placed.values()) == {"a", "b"}


def test_arrange_more_than_there_is_room_for_waits_in_order() -> None:
    arrangement = arrange([wish("1"), wish("2"), wish("3")], [seat("a", 2)])
    assert (arrangement.placed, arrangement.room) == ({"1": "a", "2": "a"}, {"image": 0})


def test_arrange_last_chance_reserves_the_emptiest_worker() -> None:
    seats = [seat("a", 2, aboard=(0, 0)), seat("b", 3, aboard=(0,))]
    arrangement = arrange([wish("poison", blamed=2), wish("1"), wish("2")], seats)
    assert arrangement.placed == {"1": "a", "2": "a"}
    assert arrangement.room == {"image": 0}


def test_arrange_two_suspects_do_not_share() -> None:
    placed = arrange([wish("1", blamed=1), wish("2", blamed=1), wish("3")], [seat("a", 4)]).placed
    assert placed == {"1": "a", "3": "a"}


def test_may_join_nobody_joins_a_last_chance() -> None:
    assert not may_join(0, [LAST_CHANCE])
    assert may_join(LAST_CHANCE, [])


@given(st.lists(st.integers(0, 2), max_size=12), st.lists(st.integers(0, 4), min_size=1, max_size=3))
def test_arrange_places_at_most_what_is_free_and_never_guilty_with_guilty(blames: list[int], frees: list[int]) -> None:
    seats = [seat(f"w{index}", free) for index, free in enumerate(frees)]
    wishes = [wish(str(index), blamed=blamed) for index, blamed in enumerate(blames)]
    arrangement = arrange(wishes, seats)
    for each in seats:
        aboard = [blames[int(job)] for job, worker in arrangement.placed.items() if worker == each.worker_id]
        assert len(aboard) <= each.free["image"]
        assert sum(blamed > 0 for blamed in aboard) <= 1
        assert LAST_CHANCE not in aboard or len(aboard) == 1
    assert arrangement.room.get("image", 0) + len(arrangement.placed) <= sum(frees)


@given(st.integers(0, 2**32), st.integers(1, 5), st.integers(1, 15), st.integers(1, 4))
def test_arrange_again_and_again_ends_every_innocent_job(seed: int, guilty: int, innocent: int, slots: int) -> None:
    """Play it through: a worker with a guilty job dies, everybody aboard is blamed, three times is the end."""
    chance = random.Random(seed)
    names = [f"bad{n}" for n in range(guilty)] + [f"good{n}" for n in range(innocent)]
    chance.shuffle(names)
    blamed, ended, failed = dict.fromkeys(names, 0), set[str](), set[str]()
    for _ in range(1000):
        waiting = [name for name in names if name not in ended | failed]
        aboard = list(arrange([wish(name, blamed=blamed[name]) for name in waiting], [seat("w", slots)]).placed)
        if not aboard:
            break
        if any(name.startswith("bad") for name in aboard):
            for name in aboard:
                blamed[name] += 1
                if blamed[name] >= 3:
                    failed.add(name)
        else:
            ended.update(aboard)
    assert failed == {name for name in names if name.startswith("bad")}
    assert ended == {name for name in names if name.startswith("good")}
