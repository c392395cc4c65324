"""Plain functions that make the values which views are given; overrides are their fields."""

from collections import Counter
from datetime import UTC, date, datetime
from typing import Any

from bot.domain.playbook import Name, Stage, StageKind, default_playbook
from bot.sandbox.checks import Verdict, check_message, check_view
from bot.services.values import (
    Change,
    Changes,
    Day,
    Digest,
    Health,
    MemberRef,
    OpportunityLine,
    OpportunityView,
    PipelineSummary,
    StageSum,
    Tally,
    TeamRef,
)
from bot.views.elements import Message, View

NOW = datetime(2026, 3, 5, 2, 0, tzinfo=UTC)
"""Ten o'clock on a Thursday in Shanghai."""

STAGES = default_playbook("CNY").stages
LIN = MemberRef(1, "Lin Wei", "U1")
ANNA = MemberRef(2, "Anna Berg", "U2")


def stage(key: str) -> Stage:
    """Return a stage of the default playbook."""
    return next(one for one in STAGES if one.key == key)


def make_team(**overrides: Any) -> TeamRef:
    """Make a team."""
    week = (((540, 720), (780, 1080)),) * 5 + ((), ())
    known: dict[str, Any] = {
        "id": 1, "name": "North", "channel_id": "C1", "manager": MemberRef(9, "Max Manager", "U9"), "zone": "Asia/Shanghai",
        "country": "CN", "locale": "en-US", "digest_minute": 540, "hours": week, "reps": (LIN, ANNA), "currency": "CNY",
    }  # fmt: skip
    return TeamRef(**{**known, **overrides})


def make_line(number: int = 1, **overrides: Any) -> OpportunityLine:
    """Make a line of a list, not overdue."""
    known: dict[str, Any] = {
        "id": number, "customer": f"Acme {number}", "need": "20 laptops", "stage": stage("quote"), "grade": "A",
        "amount_minor": 1_200_000, "currency": "CNY", "owner": LIN, "next_text": "Call the CTO",
        "next_due_at": datetime(2026, 3, 6, 7, 0, tzinfo=UTC), "is_overdue": False, "expected_close_on": None, "accept_by": None,
        "closed_at": None,
    }  # fmt: skip
    return OpportunityLine(**{**known, **overrides})


def make_late_line(number: int = 1, **overrides: Any) -> OpportunityLine:
    """Make a line that is two days overdue."""
    return make_line(number, **{"next_due_at": datetime(2026, 3, 3, 2, 0, tzinfo=UTC), "is_overdue": True, **overrides})


def make_opportunity(number: int = 1, **overrides: Any) -> OpportunityView:
    """Make an opportunity whose next step is two days overdue."""
    known: dict[str, Any] = dict.fromkeys(OpportunityView.__dataclass_fields__)
    known |= {
        "id": number, "version": 1, "team_id": 1, "team_name": "North", "team_locale": "en-US", "zone": "Asia/Shanghai",
        "channel_id": "C1", "customer_id": number, "customer": f"Acme {number}", "need": "20 laptops", "amount_minor": 1_200_000,
        "currency": "CNY", "facts": {}, "stage": stage("quote"), "stages": STAGES, "stage_entered_at": datetime(2026, 2, 20, tzinfo=UTC),
        "grade": "A", "score": 70, "points": (), "owner": LIN, "is_accepted": True, "next_text": "Call the CTO",
        "next_due_at": datetime(2026, 3, 3, 2, 0, tzinfo=UTC), "is_overdue": True, "captured_at": datetime(2026, 2, 10, tzinfo=UTC),
        "may": frozenset(), "broken": (), "history": (), "history_count": 0, "contacts": (), "loss_reasons": (), "win_reasons": (),
    }  # fmt: skip
    return OpportunityView(**{**known, **overrides})


def make_summary(**overrides: Any) -> PipelineSummary:
    """Make a summary of three open stages and two closed ones."""
    sums = (
        StageSum(stage("lead"), 12, (("CNY", 4_000_000),), 2),
        StageSum(stage("quote"), 3, (("CNY", 1_500_050), ("USD", 900_000)), 1),
        StageSum(stage("contract"), 0, (), 0),
        StageSum(stage("won"), 4238, (("CNY", 1_000_553_400),), 0),
        StageSum(stage("lost"), 2473, (), 0),
    )
    known: dict[str, Any] = {
        "team": make_team(), "stages": sums, "health": Health(50, 46, (("owner", 1), ("next_step", 3))), "at": NOW,
    }  # fmt: skip
    return PipelineSummary(**{**known, **overrides})


def make_day(**overrides: Any) -> Day:
    """Make a day on which nothing happens."""
    known: dict[str, Any] = {
        "member": LIN, "zone": "Asia/Shanghai", "overdue": (), "today": (), "waiting": (), "upcoming": (),
        "health": Health(0, 0), "team": make_team(), "counts": {"open": 0, "overdue": 0, "today": 0},
    }  # fmt: skip
    return Day(**{**known, **overrides})


def make_digest(**overrides: Any) -> Digest:
    """Make the digest of a day with a bit of everything."""
    known: dict[str, Any] = {
        "team": make_team(), "day": date(2026, 3, 5), "summary": make_summary(),
        "changes": make_changes(won=(make_change(7),), new=tuple(make_change(number) for number in (1, 2, 3))), "trend": (86.0, 90.5),
        "overdue_by_rep": ((LIN, 2), (ANNA, 1)), "at_risk": (make_late_line(1), make_late_line(2, owner=ANNA)), "in_pool": 4,
        "overdue_in_pool": 0,
    }  # fmt: skip
    return Digest(**{**known, **overrides})


def make_change(number: int = 1, **overrides: Any) -> Change:
    """Make one opportunity that changed."""
    known: dict[str, Any] = {
        "opportunity_id": number, "customer": f"Acme {number}", "owner": "Lin Wei", "amount_minor": 1_200_000, "currency": "CNY",
    }  # fmt: skip
    return Change(**{**known, **overrides})


def make_changes(**by_kind: tuple[Change, ...]) -> Changes:
    """Make what changed since the fourth of March, nine o'clock in Shanghai."""
    return Changes(
        datetime(2026, 3, 4, 1, 0, tzinfo=UTC),
        {kind: make_tally(*those) for kind, those in by_kind.items()},
        tuple(Counter(one.after for one in by_kind.get("lost", ()) if isinstance(one.after, Name)).most_common()),
    )


def make_tally(*those: Change) -> Tally:
    """Count changes as the service does, the biggest of them first as they are given."""
    sums: Counter[str] = Counter()
    for one in those:
        sums[one.currency] += one.amount_minor or 0
    return Tally(len(those), those, tuple(sorted(sums.items())))


def own_stage(name: str) -> Stage:
    """Make a stage of a team's own playbook."""
    return Stage(name.lower(), Name(name, name), StageKind.OPEN, 50)


def texts(blocks: list[dict[str, Any]]) -> str:
    """Return everything that can be read in blocks, one text a line."""
    return "\n".join(_words(blocks))


def _words(value: Any) -> list[str]:
    if isinstance(value, list):
        return [word for item in value for word in _words(item)]
    if not isinstance(value, dict):
        return []
    own = [value["text"]] if isinstance(value.get("text"), str) else []
    return own + [word for item in value.values() for word in _words(item)]


def table(blocks: list[dict[str, Any]]) -> list[list[str]]:
    """Return the cells of the only table."""
    (found,) = [block for block in blocks if block["type"] == "table"]
    return [[cell["text"] for cell in row] for row in found["rows"]]


def values_of(blocks: list[dict[str, Any]], action_id: str) -> list[str]:
    """Return the values of all buttons of an action, in order of their appearance."""
    found: list[str] = []
    for block in blocks:
        elements = [*block.get("elements", ()), *([block["accessory"]] if "accessory" in block else [])]
        found += [one.get("value", "") for one in elements if one.get("action_id") == action_id]
    return found


def accepted_message(message: Message) -> Message:
    """Hold a message to Slack's rules."""
    text, blocks = message
    assert check_message({"text": text, "blocks": blocks}) == Verdict()
    return message


def accepted_view(view: View) -> View:
    """Hold a modal or a Home to Slack's rules."""
    assert check_view(view, view["type"]) == Verdict()
    return view
