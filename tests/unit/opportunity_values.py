"""Makes the values that views are given: an ordinary opportunity, and the longest and most hostile one."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

from bot.domain.events import Event, FollowUpLogged, LeadCaptured, NextStepSet
from bot.domain.playbook import Name, default_playbook
from bot.errors import Text
from bot.services.values import ContactRef, HistoryLine, MemberRef, OpportunityLine, OpportunityView, PointLine

NOW = datetime(2026, 3, 2, 1, 0, tzinfo=UTC)
RITA = MemberRef(1, "Rita Reyes", "U1")
LIN = MemberRef(2, "林伟", "U2")
PLAYBOOK = default_playbook()
HOSTILE = "<!channel> *b* _i_ `c` ~s~ &amp; <@U1|x> <https://x.test|y>\n> quote\n" + "很长" * 2000


def history_line(number: int, event: Event, actor: MemberRef | None = RITA, at: datetime = NOW) -> HistoryLine:
    return HistoryLine(number, at, actor, event)


def opportunity(**overrides: Any) -> OpportunityView:
    known: dict[str, Any] = {
        "id": 7,
        "version": 1,
        "team_id": 1,
        "team_name": "North",
        "team_locale": "en-US",
        "zone": "Asia/Shanghai",
        "channel_id": "C1",
        "card_channel": None,
        "card_ts": None,
        "customer_id": 3,
        "customer": "Acme Ltd",
        "contact": ContactRef(1, "Ann Lee", "CTO", "+1 212 555 0188", "ann@acme.test"),
        "need": "A quote for 20 seats",
        "amount_minor": 5_000_000,
        "currency": "USD",
        "source": Name("Referral", "转介绍"),
        "product": "Seats",
        "region": "East",
        "industry": "Optics",
        "expected_close_on": date(2026, 4, 30),
        "facts": {"source": "referral"},
        "stage": PLAYBOOK.stages[1],
        "stages": PLAYBOOK.stages,
        "stage_entered_at": NOW,
        "grade": "B",
        "score": 45,
        "points": (PointLine(Name("Source", "来源"), Name("Referral", "转介绍"), 20),),
        "owner": RITA,
        "owner_reason": Text("assign.least_load", load=2, of=3),
        "is_accepted": True,
        "accept_by": None,
        "offered_to": None,
        "next_text": "Call the CTO",
        "next_due_at": NOW + timedelta(days=1),
        "is_overdue": False,
        "snoozed_until": None,
        "captured_at": NOW,
        "last_follow_up_at": None,
        "closed_at": None,
        "closed_from": None,
        "close_reason": None,
        "close_note": None,
        "competitor": None,
        "win_back_on": None,
        "may": frozenset({"follow_up", "advance", "won", "lost", "handover", "edit", "note"}),
        "broken": (),
        "history": (
            history_line(3, NextStepSet(1, "Call the CTO", NOW + timedelta(days=1))),
            history_line(2, FollowUpLogged(1, "call", "Sent the quote", undo={"fields": {}})),
            history_line(1, LeadCaptured("Acme Ltd", "A quote", "command", "lead")),
        ),
        "history_count": 3,
        "loss_reasons": PLAYBOOK.loss_reasons,
        "win_reasons": PLAYBOOK.win_reasons,
        "criteria": PLAYBOOK.scorecard.criteria,
    }
    return OpportunityView(**{**known, **overrides})


def hostile(**overrides: Any) -> OpportunityView:
    """Return an opportunity in which every text of a person is as long and as hostile as it can be."""
    member = MemberRef(1, HOSTILE[:255], "U1")
    contact = ContactRef(1, HOSTILE[:100], HOSTILE[:100], HOSTILE[:40], HOSTILE[:200])
    lines = tuple(
        history_line(200 - number, FollowUpLogged(1, "wechat", HOSTILE[:3000], HOSTILE[:3000]), member)
        for number in range(200)
    )
    worst: dict[str, Any] = {
        "customer": HOSTILE[:200],
        "need": HOSTILE[:2000],
        "contact": contact,
        "contacts": (contact,) * 50,
        "product": HOSTILE[:120],
        "region": HOSTILE[:120],
        "industry": HOSTILE[:120],
        "amount_minor": 10**15,
        "owner": member,
        "owner_reason": Text("assign.rule", field=HOSTILE[:60], value=HOSTILE[:120]),
        "offered_to": replace(member, id=9),
        "next_text": HOSTILE[:500],
        "points": tuple(
            PointLine(Name(HOSTILE[:60], HOSTILE[:60]), Name(HOSTILE[:60], HOSTILE[:60]), 9) for _ in range(8)
        ),
        "history": lines,
        "history_count": 200,
        "competitor": HOSTILE[:200],
        "close_note": HOSTILE[:2000],
    }
    return opportunity(**{**worst, **overrides})


def line(**overrides: Any) -> OpportunityLine:
    known: dict[str, Any] = {
        "id": 7,
        "customer": "Acme Ltd",
        "need": "A quote for 20 seats",
        "stage": PLAYBOOK.stages[1],
        "grade": "B",
        "amount_minor": 5_000_000,
        "currency": "USD",
        "owner": RITA,
        "next_text": "Call the CTO",
        "next_due_at": NOW + timedelta(days=1),
        "is_overdue": False,
        "expected_close_on": None,
        "accept_by": None,
        "closed_at": None,
    }
    return OpportunityLine(**{**known, **overrides})
