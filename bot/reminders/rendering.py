"""Owns the making of promised messages at sending time: from current state, in the reader's language; None if no longer true."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from bot.domain.attention import Cause, Step
from bot.domain.quiet import is_told_already
from bot.errors import NotAllowed, NotFound
from bot.i18n import Translator
from bot.reminders import cases
from bot.reminders.relevance import still_needed
from bot.services import absences, briefings, dead_letters, departures, focus, handovers, opportunities, outbox
from bot.services.desk import Desk, system_actor
from bot.services.outbox import Address, Promise
from bot.services.values import OpportunityView
from bot.views import absences as absence_views
from bot.views import answers, cards, digest, focus_list, handover_forms, notices, nudges, pool_forms
from bot.views import dead_letters as dead_letter_views
from bot.views import departures as departure_views
from bot.views import week as week_views
from bot.views.elements import Message
from bot.views.nudges import NudgeItem

_WIN_BACK = "notice.win_back"


@dataclass(frozen=True, slots=True)
class Parcel:
    """A rendered message, and where it stands already.

    Attributes:
        message: Text and blocks.
        card_of: The opportunity whose card it is.
        stands_at: Channel and ts of the message to be replaced, if there is one.
        is_change: It only changes that message, and says nothing where that one is gone.
        kept: What is to be remembered with its promise once it is sent.
    """

    message: Message
    card_of: int | None = None
    stands_at: tuple[str, str] | None = None
    is_change: bool = False
    kept: dict[str, Any] | None = None


def render(desk: Desk, promise: Promise, address: Address) -> Parcel | None:
    """Return what a promise says now, or None if it is no longer true or its reader is gone.

    Raises:
        KeyError: Nobody renders promises of that kind: a defect.
    """
    if address.slack_id is None or not address.is_active:
        return None
    work = _Rendering(desk, promise, address, Translator(address.locale, address.zone))
    try:
        return _BY_KIND[promise.kind](work)
    except NotFound:
        return None


@dataclass(frozen=True, slots=True)
class _Rendering:
    desk: Desk
    promise: Promise
    address: Address
    t: Translator

    @property
    def payload(self) -> dict[str, Any]:
        return self.promise.payload

    @property
    def opportunity_id(self) -> int:
        return int(self.payload["opportunity_id"])

    def view(self, opportunity_id: int, *, history: int = 5) -> OpportunityView:
        """Return the opportunity as the reader sees it."""
        return opportunities.view(self.desk, opportunity_id, by=self.address.actor, history=history)

    def is_pending(self) -> bool:
        """Say whether the offer that the message is about still waits."""
        return outbox.is_pending(self.desk, self.promise, int(self.payload["assignment_id"]))


def _card(work: _Rendering) -> Parcel:
    shown = work.view(work.opportunity_id)
    stands_at = (shown.card_channel, shown.card_ts) if shown.card_channel and shown.card_ts else None
    return Parcel(cards.channel_card(work.t, shown), card_of=shown.id, stands_at=stands_at)


def _card_moved(work: _Rendering) -> Parcel:
    stands_at = (str(work.payload["channel"]), str(work.payload["ts"]))
    return Parcel(
        pool_forms.moved_card(work.t, work.view(work.opportunity_id, history=0)), stands_at=stands_at, is_change=True
    )


def _offer(work: _Rendering) -> Parcel | None:
    if not work.is_pending():
        return None
    return Parcel(answers.offer_message(work.t, work.view(work.opportunity_id)))


def _handover(work: _Rendering) -> Parcel | None:
    if not work.is_pending():
        return None
    shown, note, giver = handovers.dossier(work.desk, work.opportunity_id, by=work.address.actor)
    return Parcel(handover_forms.dossier_message(work.t, shown, note, giver))


def _nudge(work: _Rendering) -> Parcel | None:
    now, told = work.desk.now(), focus.told(work.desk, by=work.address.actor)
    items = [
        item
        for item in _items(work, reader_id=work.address.actor.member_id)
        if told is None
        or item.step is Step.WARN
        or not told.covers(item.opportunity.id, item.cause, item.opportunity.version)
        or not is_told_already(told.at, now, is_repeat=item.is_repeat)
    ]
    return Parcel(nudges.nudge(work.t, items, now)) if items else None


def _escalation(work: _Rendering) -> Parcel | None:
    items = _items(work, reader_id=None)
    return Parcel(nudges.escalation(work.t, items, work.desk.now())) if items else None


def _focus(work: _Rendering) -> Parcel | None:
    """Return the morning list: what the ladder left for the morning, and whatever else today is about."""
    now = work.desk.now()
    found = focus.today(work.desk, by=work.address.actor)
    waited = {item.opportunity.id: item for item in nudges.ranked(_items(work, reader_id=work.address.actor.member_id))}
    for one in found.concerns:
        # What it is today says more than what came up overnight.
        known = waited.get(one.opportunity_id)
        if known is None or known.step is not Step.WARN:
            shown = known.opportunity if known is not None else work.view(one.opportunity_id, history=0)
            waited[one.opportunity_id] = NudgeItem(shown, one.cause, one.step, one.moment)
    if not waited:
        return None
    rows = nudges.ranked(list(waited.values()))
    listed = ((row.opportunity, row.cause) for row in rows[: focus_list.MOST])
    told = focus.Told(now, frozenset((shown.id, cause, shown.version) for shown, cause in listed))
    message = focus_list.message(work.t, rows, now, total=max(found.count, len(rows)))
    return Parcel(message, kept={"told": told.payload()})


def _items(work: _Rendering, *, reader_id: int | None) -> list[NudgeItem]:
    now = work.desk.now()
    found = []
    for item in work.payload["items"]:
        cause, step = Cause(item["cause"]), Step(item["step"])
        moment = datetime.fromisoformat(item["moment"])
        try:
            shown = work.view(int(item["opportunity_id"]), history=0)
        except NotFound:
            # One that is out of the reader's sight by now must not take the others of the bundle with it.
            continue
        if still_needed(shown, cause, moment, now, reader_id=reader_id):
            found.append(NudgeItem(shown, cause, step, moment, is_repeat=bool(item.get("is_repeat"))))
    return found


def _digest(work: _Rendering) -> Parcel | None:
    day = date.fromisoformat(work.payload["day"])
    report = briefings.daily(work.desk, int(work.payload["team_id"]), by=work.address.actor, day=day)
    if work.desk.now().astimezone(ZoneInfo(report.team.zone)).date() != day:
        # Yesterday's digest would tell today's figures under yesterday's date; today's own is on its way.
        return None
    return Parcel(digest.message(Translator(report.team.locale, report.team.zone), report))


def _weekly(work: _Rendering) -> Parcel | None:
    monday = date.fromisoformat(work.payload["monday"])
    try:
        week = briefings.weekly(work.desk, int(work.payload["team_id"]), by=work.address.actor, monday=monday)
    except NotAllowed:
        return None  # somebody else manages the team by now
    if work.desk.now().astimezone(ZoneInfo(week.team.zone)).date() >= monday + timedelta(days=7):
        return None
    return Parcel(week_views.weekly(work.t, week))


def _notice(work: _Rendering) -> Parcel | None:
    key, params = str(work.payload["key"]), dict(work.payload.get("params") or {})
    if work.payload.get("opportunity_id") is None:
        return Parcel(notices.notice(work.t, key, params))
    try:
        shown, may_open = work.view(work.opportunity_id, history=0), True
    except NotFound:
        # A former owner is told of what they may no longer see: its name, but not the card.
        by = system_actor(work.promise.workspace_id)
        shown, may_open = opportunities.view(work.desk, work.opportunity_id, by=by, history=0), False
    if key == _WIN_BACK and shown.win_back_on is None:
        return None  # it was reopened meanwhile, or its loss undone
    return Parcel(notices.notice(work.t, key, params, shown, may_open=may_open))


def _dead_letter(work: _Rendering) -> Parcel | None:
    letters, count = dead_letters.listed(work.desk, by=work.address.actor)
    return Parcel(dead_letter_views.message(work.t, letters, count)) if letters else None


def _made_by(make: Callable[[cases.Reading], Message | None]) -> Callable[[_Rendering], Parcel | None]:
    def rendered(work: _Rendering) -> Parcel | None:
        message = make(cases.Reading(work.desk, work.payload, work.address.actor, work.t))
        channel, ts = work.payload.get("channel"), work.payload.get("ts")
        stands_at = (str(channel), str(ts)) if channel and ts else work.promise.stands_at
        return Parcel(message, stands_at=stands_at) if message is not None else None

    return rendered


def _absence(work: _Rendering) -> Parcel | None:
    absence = absences.absence_of(work.desk, int(work.payload["member_id"]), workspace_id=work.promise.workspace_id)
    if absence.until != datetime.fromisoformat(work.payload["until"]):
        return None  # they are back, or another end was said meanwhile
    return Parcel(absence_views.notice(work.t, absence))


def _departure(work: _Rendering) -> Parcel | None:
    actor = work.address.actor
    if not (actor.is_admin or actor.managed_team_ids):
        return None
    left = departures.departure(work.desk, int(work.payload["member_id"]), by=actor)
    if not (left.count or left.teams):
        return None  # it is all handed over, or they are back
    return Parcel(departure_views.message(work.t, left, work.desk.now()))


_BY_KIND: dict[str, Callable[[_Rendering], Parcel | None]] = {
    "card": _card,
    "dead_letter": _dead_letter,
    "card_moved": _card_moved,
    "offer": _offer,
    "handover": _handover,
    "nudge": _nudge,
    "escalation": _escalation,
    "focus": _focus,
    "digest": _digest,
    "weekly": _weekly,
    "notice": _notice,
    **{kind: _made_by(make) for kind, make in cases.BY_KIND.items()},
    "absence": _absence,
    "departure": _departure,
}
