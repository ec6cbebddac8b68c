"""Who goes to which worker, and with whom."""

import random

from hypothesis import given
from hypothesis import strategies as st

from inference.placement import LAST_CHANCE, PlacementRequest, WorkerCapacity, may_share, place_jobs


def request(
    job_id: str, *, blamed: int = 0, model: str = "m", adapters: tuple[str, ...] = (), kind: str = "image"
) -> PlacementRequest:
    return PlacementRequest(job_id=job_id, kind="image", model="m", adapters=adapters, blamed=blamed)


def worker(worker_id: str, free: int, **changes: object) -> WorkerCapacity:
    return WorkerCapacity(worker_id=worker_id, free={"image": free}, **changes)  # type: ignore[arg-type]


def test_place_prefers_the_model_in_memory_to_room() -> None:
    workers = [worker("a", 1, models=["m"]), worker("b", 8)]
    assert place_jobs([request("1")], workers).placed == {"1": "a"}


def test_place_prefers_the_adapter_in_memory_where_both_have_the_model() -> None:
    workers = [worker("a", 8, models=["m"]), worker("b", 1, models=["m"], adapters=["rex"])]
    assert place_jobs([request("1", adapters=("rex",))], workers).placed == {"1": "b"}


def test_place_spreads_over_equal_workers() -> None:
    placed = place_jobs([request("1"), request("2")], [worker("a", 4), worker("b", 4)]).placed
    assert set(placed.values()) == {"a", "b"}


def test_place_more_than_there_is_room_for_waits_in_order() -> None:
    placement = place_jobs([request("1"), request("2"), request("3")], [worker("a", 2)])
    assert (placement.placed, placement.room) == ({"1": "a", "2": "a"}, {"image": 0})


def test_place_last_chance_reserves_the_emptiest_worker() -> None:
    workers = [worker("a", 2, blames=(0, 0)), worker("b", 3, blames=(0,))]
    placement = place_jobs([request("poison", blamed=2), request("1"), request("2")], workers)
    assert placement.placed == {"1": "a", "2": "a"}
    assert placement.room == {"image": 0}


def test_place_two_suspects_do_not_share() -> None:
    placed = place_jobs([request("1", blamed=1), request("2", blamed=1), request("3")], [worker("a", 4)]).placed
    assert placed == {"1": "a", "3": "a"}


def test_may_join_nobody_joins_a_last_chance() -> None:
    assert not may_share(0, [LAST_CHANCE])
    assert may_share(LAST_CHANCE, [])


@given(st.lists(st.integers(0, 2), max_size=12), st.lists(st.integers(0, 4), min_size=1, max_size=3))
def test_place_places_at_most_what_is_free_and_never_guilty_with_guilty(blames: list[int], frees: list[int]) -> None:
    workers = [worker(f"w{index}", free) for index, free in enumerate(frees)]
    requests = [request(str(index), blamed=blamed) for index, blamed in enumerate(blames)]
    placement = place_jobs(requests, workers)
    for each in workers:
        placed = [blames[int(job)] for job, chosen in placement.placed.items() if chosen == each.worker_id]
        assert len(placed) <= each.free["image"]
        assert sum(blamed > 0 for blamed in placed) <= 1
        assert LAST_CHANCE not in placed or len(placed) == 1
    assert placement.room.get("image", 0) + len(placement.placed) <= sum(frees)


@given(st.integers(0, 2**32), st.integers(1, 5), st.integers(1, 15), st.integers(1, 4))
def test_placing_again_and_again_ends_every_innocent_job(seed: int, guilty: int, innocent: int, slots: int) -> None:
    """Play it through: a worker with a guilty job dies, every job on it is blamed, three times is the end."""
    chance = random.Random(seed)
    names = [f"bad{n}" for n in range(guilty)] + [f"good{n}" for n in range(innocent)]
    chance.shuffle(names)
    blamed, ended, failed = dict.fromkeys(names, 0), set[str](), set[str]()
    for _ in range(1000):
        waiting = [name for name in names if name not in ended | failed]
        placed = list(place_jobs([request(name, blamed=blamed[name]) for name in waiting], [worker("w", slots)]).placed)
        if not placed:
            break
        if any(name.startswith("bad") for name in placed):
            for name in placed:
                blamed[name] += 1
                if blamed[name] >= 3:
                    failed.add(name)
        else:
            ended.update(placed)
    assert failed == {name for name in names if name.startswith("bad")}
    assert ended == {name for name in names if name.startswith("good")}
