"""Owns the making of promised messages at sending time: from current state, in the reader's language; None if no longer true."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from bot.domain.attention import Step
from bot.domain.quiet import is_told_already
from bot.errors import NotAllowed, NotFound
from bot.i18n import Translator
from bot.reminders import cases, courtesy
from bot.services import (
    absences,
    briefings,
    bundled,
    bundles,
    dead_letters,
    departures,
    focus,
    gathered,
    handovers,
    heard,
    opportunities,
    outbox,
    pool_list,
)
from bot.services.bundled import NudgeItem
from bot.services.desk import Desk, system_actor
from bot.services.outbox import Address, Promise
from bot.services.pool_list import PoolFilter
from bot.services.values import OpportunityView
from bot.views import absences as absence_views
from bot.views import answers, cards, digest, focus_list, handover_forms, notices, nudges, pool_forms, unclaimed
from bot.views import dead_letters as dead_letter_views
from bot.views import departures as departure_views
from bot.views import week as week_views
from bot.views.elements import Message

_WIN_BACK = "notice.win_back"
_IN_POOL = 5


@dataclass(frozen=True, slots=True)
class Parcel:
    """A rendered message, and where it stands already.

    Attributes:
        message: Text and blocks.
        card_of: The opportunity whose card it is.
        stands_at: Channel and ts of the message to be replaced, if there is one.
        is_change: It only changes that message, and says nothing where that one is gone.
        kept: What is to be remembered with its promise once it is sent.
        absorbs: Other promises that it tells of as well.
        leaves: Channel and ts of the card that stands in a channel which its team has left, and which this one replaces.
    """

    message: Message
    card_of: int | None = None
    stands_at: tuple[str, str] | None = None
    is_change: bool = False
    kept: dict[str, Any] | None = None
    absorbs: tuple[int, ...] = ()
    leaves: tuple[str, str] | None = None


@dataclass(frozen=True, slots=True)
class PutOff:
    """A message that is not sent now; ``until``, aware, is when it is made again, from what is true then."""

    until: datetime


def render(desk: Desk, promise: Promise, address: Address) -> Parcel | PutOff | None:
    """Return what a promise says now, or until when its reader is left alone; None if it is no longer true or they are gone.

    Raises:
        KeyError: Nobody renders promises of that kind: a defect.
    """
    if address.slack_id is None or not address.is_active:
        return None
    until = courtesy.waits_until(promise, address, desk.now())
    work = _Rendering(desk, promise, address, Translator(address.locale, address.zone))
    try:
        if until is not None and not _lapses(work, until):
            return PutOff(until)
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

    def day_of(self, moment: datetime) -> date:
        """Return the reader's local day."""
        return moment.astimezone(ZoneInfo(self.address.zone)).date()

    def is_pending(self) -> bool:
        """Say whether the offer that the message is about still waits."""
        return outbox.is_pending(self.desk, self.promise, int(self.payload["assignment_id"]))


def _card(work: _Rendering) -> Parcel:
    shown = work.view(work.opportunity_id)
    stands_at = (shown.card_channel, shown.card_ts) if shown.card_channel and shown.card_ts else None
    card = cards.channel_card(work.t, shown)
    if stands_at is not None and shown.card_channel != work.promise.channel:
        return Parcel(card, card_of=shown.id, leaves=stands_at)
    return Parcel(card, card_of=shown.id, stands_at=stands_at)


def _card_moved(work: _Rendering) -> Parcel:
    stands_at = (str(work.payload["channel"]), str(work.payload["ts"]))
    return Parcel(
        pool_forms.moved_card(work.t, work.view(work.opportunity_id, history=0)), stands_at=stands_at, is_change=True
    )


def _offer(work: _Rendering) -> Parcel | None:
    if not work.is_pending():
        return None
    return Parcel(answers.offer_message(work.t, work.view(work.opportunity_id)))


def _lapses(work: _Rendering, until: datetime) -> bool:
    """Say whether it asks for an answer before then: the team's clock runs on where a member lives in another zone."""
    if work.promise.kind not in {"offer", "handover"}:
        return False
    accept_by = work.view(work.opportunity_id, history=0).accept_by
    return accept_by is not None and accept_by <= until


def _handover(work: _Rendering) -> Parcel | None:
    if not work.is_pending():
        return None
    shown, note, giver = handovers.dossier(work.desk, work.opportunity_id, by=work.address.actor)
    return Parcel(handover_forms.dossier_message(work.t, shown, note, giver))


def _nudge(work: _Rendering) -> Parcel | None:
    now, told = work.desk.now(), focus.told(work.desk, by=work.address.actor)
    items = _items(work, reader_id=work.address.actor.member_id)
    if told is not None:
        items = [item for item in items if item.step is Step.WARN or not _is_told(work, told, item, now)]
    if not items:
        return None
    return Parcel(nudges.nudge(work.t, items, now, number=work.promise.id), kept=_kept(items, now))


def _is_told(work: _Rendering, told: focus.Told, item: NudgeItem, now: datetime) -> bool:
    """Say whether this morning's list told of it; of what is left from a day before, whatever for."""
    shown = item.opportunity
    if work.day_of(work.promise.created_at) < work.day_of(now):
        return told.names(shown.id)
    return told.covers(shown.id, item.cause, shown.version) and is_told_already(told.at, now, is_repeat=item.is_repeat)


def _escalation(work: _Rendering) -> Parcel | None:
    items, actor = _items(work, reader_id=None), work.address.actor
    if not items:
        return None
    now, stands_in = work.desk.now(), all(item.opportunity.team_id not in actor.managed_team_ids for item in items)
    message = nudges.escalation(work.t, items, now, number=work.promise.id, stands_in=stands_in)
    return Parcel(message, kept=_kept(items, now))


def _kept(items: list[NudgeItem], now: datetime) -> dict[str, Any] | None:
    """Return what is kept of a message: when it warned, since what it warned of is taken away so many days later."""
    return heard.told_at(now) if any(item.step is Step.WARN for item in items) else None


def _pool(work: _Rendering) -> Parcel | None:
    """Return what lies in the pool of those whom the reader decides for: all of it, whatever of it the clock rang for."""
    actor = work.address.actor
    # An admin may stand in for any team that has no manager.
    asked = PoolFilter() if actor.is_admin else PoolFilter(scope="team")
    page = pool_list.listing(work.desk, asked, by=actor, most=_IN_POOL)
    return Parcel(unclaimed.message(work.t, page)) if page.rows else None


def _focus(work: _Rendering) -> Parcel | PutOff | None:
    """Return the morning list: what the ladder left for the morning, and whatever else today is about."""
    now = work.desk.now()
    if date.fromisoformat(work.payload["day"]) < work.day_of(now):
        # Its morning was missed. Today's list goes first; what that does not find, such as a review, is told after it.
        is_first_look = work.day_of(work.promise.due_at) < work.day_of(now)
        return PutOff(now + courtesy.AFTER_THE_LIST) if is_first_look else _nudge(work)
    found = focus.today(work.desk, by=work.address.actor)
    waited = {item.opportunity.id: item for item in nudges.ranked(_items(work, reader_id=work.address.actor.member_id))}
    unseen = []
    for place, one in enumerate(found.concerns):
        # What it is today says more than what came up overnight.
        known = waited.get(one.opportunity_id)
        if known is None and place >= focus_list.MOST and one.step is not Step.WARN:
            # There is no room for it: it is counted, and found behind the button.
            unseen.append(one)
        elif known is None or known.step is not Step.WARN:
            shown = known.opportunity if known is not None else work.view(one.opportunity_id, history=0)
            waited[one.opportunity_id] = NudgeItem(shown, one.cause, one.step, one.moment)
    if not waited:
        return None
    rows = nudges.ranked(list(waited.values()))
    listed = (*rows[: focus_list.MOST], *nudges.named(rows[focus_list.MOST :]))
    told = focus.Told(now, frozenset((row.opportunity.id, row.cause, row.opportunity.version) for row in listed))
    total = len(rows) + len(unseen) + found.count - len(found.concerns)
    message = focus_list.message(work.t, rows, now, total=total, number=work.promise.id)
    items = [
        bundles.item_of(row.opportunity.id, row.cause, row.step, row.moment, is_repeat=row.is_repeat) for row in rows
    ]
    items += [bundles.item_of(one.opportunity_id, one.cause, one.step, one.moment) for one in unseen]
    return Parcel(message, kept={"told": told.payload(), "items": items, **heard.told_at(now)})


def _items(work: _Rendering, *, reader_id: int | None) -> list[NudgeItem]:
    return list(bundled.still_true(work.desk, work.payload["items"], by=work.address.actor, reader_id=reader_id))


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
    if key in notices.TOGETHER:
        return _together(work, key)
    found = _noticed(work, work.payload)
    if key == _WIN_BACK and found.shown.win_back_on is None:
        return None  # it was reopened meanwhile, or its loss undone
    return Parcel(notices.notice(work.t, key, params, found.shown, may_open=found.may_open))


def _together(work: _Rendering, key: str) -> Parcel | None:
    """Return one message for all of a kind that wait: for the manager what is still in the pool of what went there."""
    others = gathered.alike(work.desk, work.promise)
    found = [_noticed(work, payload) for payload in (work.payload, *(one.payload for one in others))]
    if key in notices.POOLED:
        found = [one for one in found if one.shown.owner is None and one.shown.closed_at is None]
    if not found:
        return None
    return Parcel(notices.together(work.t, key, found), absorbs=tuple(one.promise_id for one in others))


def _noticed(work: _Rendering, payload: dict[str, Any]) -> notices.Noticed:
    number, params = int(payload["opportunity_id"]), dict(payload.get("params") or {})
    try:
        return notices.Noticed(work.view(number, history=0), params)
    except NotFound:
        # A former owner is told of what they may no longer see: its name, but not the card.
        by = system_actor(work.promise.workspace_id)
        return notices.Noticed(opportunities.view(work.desk, number, by=by, history=0), params, may_open=False)


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
    # What was promised before an update says nothing of it.
    absence = replace(absence, is_changed=bool(work.payload.get("is_changed")))
    return Parcel(absence_views.notice(work.t, absence))


def _departure(work: _Rendering) -> Parcel | None:
    actor = work.address.actor
    if not (actor.is_admin or actor.managed_team_ids):
        return None
    left = departures.departure(work.desk, int(work.payload["member_id"]), by=actor)
    if not (left.count or left.teams):
        return None  # it is all handed over, or they are back
    return Parcel(departure_views.message(work.t, left, work.desk.now()))


_BY_KIND: dict[str, Callable[[_Rendering], Parcel | PutOff | None]] = {
    "card": _card,
    "dead_letter": _dead_letter,
    "card_moved": _card_moved,
    "offer": _offer,
    "handover": _handover,
    "nudge": _nudge,
    "escalation": _escalation,
    "pool": _pool,
    "focus": _focus,
    "digest": _digest,
    "weekly": _weekly,
    "notice": _notice,
    **{kind: _made_by(make) for kind, make in cases.BY_KIND.items()},
    "absence": _absence,
    "departure": _departure,
}
