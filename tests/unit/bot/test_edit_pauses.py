"""How long cards rest between two edits."""

from bot.shared.delivery.edit_pauses import EditPauses
from bot.shared.delivery.methods import DeliveryMethod

TOKEN, MESSAGE = DeliveryMethod.TOKEN, DeliveryMethod.MESSAGE


def test_card_alone_in_its_channel_moves_as_often_by_its_message_as_by_its_token() -> None:
    pauses = EditPauses(3.0)
    assert [pauses.after("one", 1, method) for method in (TOKEN, MESSAGE, MESSAGE)] == [3, 3, 3]


def test_cards_of_one_channel_share_its_rate_limit_up_to_five_times() -> None:
    pauses = EditPauses(3.0)
    assert [pauses.after(f"job {number}", 1, MESSAGE) for number in range(7)] == [3, 6, 9, 12, 15, 15, 15]
    assert pauses.after("elsewhere", 2, MESSAGE) == 3


def test_cards_that_ended_or_have_a_token_slow_nobody_down() -> None:
    pauses = EditPauses(3.0)
    for job_id in ("ended", "answered", "goes on"):
        pauses.after(job_id, 1, MESSAGE)
    pauses.forget("ended")
    pauses.after("answered", 1, TOKEN)
    assert pauses.after("goes on", 1, MESSAGE) == 3
