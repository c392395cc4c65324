"""Questions to Slack's history: one at a time in a workspace, none while Slack wants patience."""

import threading
from typing import Any

import pytest

from bot.errors import RateLimited
from bot.reminders.looking import Looking, NotNow, TooSlow
from bot.slack.gateway import Page


class History:
    """A Slack whose history is slow where it is told to be."""

    def __init__(self) -> None:
        self.asked: list[str] = []
        self.cursors: list[str | None] = []
        self.pages = 1
        self.limited = False
        self.is_asked, self.let_go = threading.Event(), threading.Event()

    def find(self, channel: str, key: str, *, since: float, until: float, cursor: str | None = None) -> Page:
        self.asked.append(key)
        self.cursors.append(cursor)
        if key == "long":
            if self.pages == 0:
                raise RateLimited(0.0)
            self.pages -= 1
            return Page(cursor=f"after {cursor}")
        if self.limited:
            raise RateLimited(60.0)
        if key == "slow":
            self.is_asked.set()
            self.let_go.wait(10)
        return Page(f"{key}.0")

    def __getattr__(self, name: str) -> Any:
        raise AssertionError(f"only the history is asked, not {name}")


def test_while_one_asks_others_of_the_workspace_come_again_and_other_workspaces_go_on() -> None:
    slack = History()
    looking = Looking(slack)
    one = threading.Thread(target=looking.find, args=(1, "C1", "slow"), kwargs={"since": 0.0, "until": 1.0})
    one.start()
    assert slack.is_asked.wait(10)
    with pytest.raises(NotNow) as caught:
        looking.find(1, "C2", "second", since=0.0, until=1.0)
    assert 0 < caught.value.seconds <= 5
    assert looking.find(2, "C3", "elsewhere", since=0.0, until=1.0) == "elsewhere.0"
    slack.let_go.set()
    one.join(10)
    assert looking.find(1, "C2", "second", since=0.0, until=1.0) == "second.0"
    assert slack.asked == ["slow", "elsewhere", "second"]


def test_nobody_asks_again_before_the_time_that_slack_told() -> None:
    slack = History()
    slack.limited = True
    looking = Looking(slack)
    with pytest.raises(RateLimited):
        looking.find(1, "C1", "first", since=0.0, until=1.0)
    slack.limited = False
    with pytest.raises(NotNow) as caught:
        looking.find(1, "C2", "second", since=0.0, until=1.0)
    assert 50 < caught.value.seconds <= 60
    assert slack.asked == ["first"]


def test_search_goes_on_where_it_stopped_unless_it_is_for_a_later_try() -> None:
    slack = History()
    looking = Looking(slack)
    for since in (1.0, 1.0, 2.0):
        slack.pages = 1
        with pytest.raises(RateLimited):
            looking.find(1, "C1", "long", since=since, until=9.0)
    assert slack.cursors == [None, "after None", "after None", "after after None", None, "after None"]


def test_search_is_given_up_after_many_requests_for_patience_and_begins_anew_when_asked_again() -> None:
    slack = History()
    slack.pages = 0
    looking = Looking(slack)
    for _ in range(14):
        with pytest.raises(RateLimited):
            looking.find(1, "C1", "long", since=1.0, until=9.0)
    with pytest.raises(TooSlow):
        looking.find(1, "C1", "long", since=1.0, until=9.0)
    with pytest.raises(RateLimited):
        looking.find(1, "C1", "long", since=1.0, until=9.0)
