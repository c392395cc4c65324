"""Answers to one modal: the latest press wins, whichever answer comes first, and what is not ours is not covered."""

from typing import TYPE_CHECKING, Any, cast

from bot.handlers.modals import Modals

if TYPE_CHECKING:
    from bot.slack.gateway import Gateway


class FakeSlack:
    """One open modal; every change gives it another hash, and a change under an old hash is refused."""

    def __init__(self) -> None:
        self.shown, self.changes, self.is_open = "", 0, True

    @property
    def hash(self) -> str:
        return f"h{self.changes}"

    def refresh_view(self, view_id: str, view: dict[str, Any], view_hash: str) -> str | None:
        if view_hash != self.hash or not self.is_open:
            return None
        self.change(view["text"])
        return self.hash

    def change(self, text: str) -> None:
        self.shown, self.changes = text, self.changes + 1


def show(modals: Modals, slack: FakeSlack, text: str, *, request: int, seen_hash: str) -> bool:
    return modals.show(cast("Gateway", slack), "V1", {"text": text}, request=request, seen_hash=seen_hash)


def test_an_earlier_press_answered_late_does_not_cover_the_later_one() -> None:
    modals, slack = Modals(), FakeSlack()
    assert show(modals, slack, "later", request=2, seen_hash="h0")
    assert not show(modals, slack, "earlier", request=1, seen_hash="h0")
    assert slack.shown == "later"


def test_two_presses_in_a_row_carry_one_hash_and_the_second_is_shown() -> None:
    modals, slack = Modals(), FakeSlack()
    assert show(modals, slack, "first", request=1, seen_hash="h0")
    assert show(modals, slack, "second", request=2, seen_hash="h0")
    assert slack.shown == "second"


def test_what_another_process_changed_before_the_press_is_known_by_the_hash_that_was_seen() -> None:
    modals, slack = Modals(), FakeSlack()
    assert show(modals, slack, "ours", request=1, seen_hash="h0")
    slack.change("theirs")
    assert show(modals, slack, "next", request=2, seen_hash="h2")
    slack.change("theirs again")
    assert not show(modals, slack, "late", request=3, seen_hash="h3")
    assert slack.shown == "theirs again"


def test_a_submission_answered_by_itself_is_later_than_a_press_before_it() -> None:
    modals, slack = Modals(), FakeSlack()
    assert show(modals, slack, "list", request=1, seen_hash="h0")
    slack.change("found by words")
    modals.answered("V1", 3)
    modals.answered("V1", 2)
    assert not show(modals, slack, "older filter", request=2, seen_hash="h1")
    assert show(modals, slack, "next page", request=4, seen_hash="h2")


def test_a_closed_modal_is_no_fault_and_many_are_forgotten_again() -> None:
    modals, slack = Modals(), FakeSlack()
    slack.is_open = False
    assert not show(modals, slack, "x", request=1, seen_hash="h0")
    for number in range(1200):
        modals.answered(f"V{number}", 1)
    assert len(modals._open) == 1000
