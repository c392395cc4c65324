"""Owns the history as people read it: one line an event, and the modal that pages through it."""

from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from datetime import date
from typing import Any

from bot.domain import events as ev
from bot.i18n import Translator
from bot.services.reasons import reason_text
from bot.services.values import HistoryLine, MemberRef, OpportunityView
from bot.views import elements
from bot.views.collision_forms import verdict
from bot.views.elements import Block, View
from bot.views.ids import Action, Callback
from bot.views.mrkdwn import escape_line, harmless, harmless_name
from bot.views.steps import step_text

PAGE = 20
_WORDS, _NAME, _CHUNK = 400, 80, 2800
_ACTORS_OWN = frozenset(
    {
        "AssignmentAccepted",
        "AssignmentDeclined",
        "Claimed",
        "CollisionStopped",
        "HandoverDeclined",
        "OwnerTold",
        "RulingAsked",
    }
)
_DAYS = frozenset({"expected_close_on", "quote_valid_until"})
_QUIET = frozenset({"Graded", "NextStepSet", "NextStepDone", "AssignmentAccepted", "LadderStepTaken"})

Params = dict[str, Any]


def line(t: Translator, one: HistoryLine, view: OpportunityView | None = None) -> str:
    """Return one event as a line of mrkdwn: when, who, what.

    Args:
        t: The reader's.
        one: The event.
        view: The opportunity, for the names of stages and reasons; without it their keys are shown.
    """
    who = escape_line(one.actor.name, _NAME) if one.actor else t("event.clock")
    return t("event.line", at=one.at, who=who, what=what(t, one.event, view, actor=one.actor))


def what(t: Translator, event: ev.Event, view: OpportunityView | None = None, *, actor: MemberRef | None = None) -> str:
    """Return what happened as mrkdwn, without when and who; whose doing it was is said only where it is not the actor's."""
    reader = _READERS.get(type(event))
    key, params = reader(t, event, view) if reader else (event.kind, {})
    if key in _ACTORS_OWN:
        member = params["member"]
        is_other = actor is not None and _person(actor.name) != member
        params = {**params, "member": t("event.on_behalf", member=member) if is_other else ""}
    return t(f"event.{key}", **params)


def latest(t: Translator, view: OpportunityView, most: int) -> list[str]:
    """Return the latest events worth a place on a card, newest first."""
    shown = [one for one in view.history if one.event.kind not in _QUIET] or list(view.history)
    return [line(t, one, view) for one in shown[:most]]


def chunks(lines: Iterable[str], most: int) -> list[str]:
    """Return lines put together into texts that fit a section, of at most so many characters in all."""
    found: list[str] = []
    length = 0
    for text in lines:
        if length + len(text) > most:
            break
        length += len(text) + 1
        if found and len(found[-1]) + len(text) < _CHUNK:
            found[-1] += f"\n{text}"
        else:
            found.append(text)
    return found


def modal(
    t: Translator, view: OpportunityView, lines: Sequence[HistoryLine], *, has_more: bool, is_first: bool
) -> View:
    """Return a page of the history with a button to the older ones."""
    blocks: list[Block] = [elements.section(f"*{escape_line(view.customer, _NAME)}* – {escape_line(view.need, 200)}")]
    blocks += [elements.section(text) for text in chunks((line(t, one, view) for one in lines), 60_000)]
    buttons = []
    if has_more and lines:
        buttons.append(elements.button(t("opp.history_older"), Action.HISTORY_MORE, f"{view.id}:{lines[-1].id}"))
    if not is_first:
        buttons.append(elements.button(t("opp.history_newest"), Action.HISTORY_OPEN, view.id))
    if buttons:
        blocks.append(elements.actions(*buttons))
    return elements.modal(Callback.HISTORY, t("opp.history_title"), blocks, close=t("answer.close"))


def _text(words: str | None) -> str:
    return escape_line(words or "–", _WORDS)


def _person(name: str | None) -> str:
    return escape_line(name or "–", _NAME)


def _stage(key: str, view: OpportunityView | None) -> Any:
    return next((harmless_name(one.name) for one in view.stages if one.key == key), key) if view else key


def _reason(key: str, view: OpportunityView | None, *, is_win: bool) -> Any:
    if view is None:
        return key
    if view.close_reason is not None and view.close_reason.key == key:
        return harmless_name(view.close_reason.name)
    return next(
        (harmless_name(one.name) for one in (view.win_reasons if is_win else view.loss_reasons) if one.key == key), key
    )


def _after(t: Translator, key: str, words: str | None) -> str:
    return t(key, text=_text(words)) if words else ""


def _captured(t: Translator, event: ev.LeadCaptured, _view: OpportunityView | None) -> tuple[str, Params]:
    way = f"event.way.{event.way}"
    return event.kind, {"need": _text(event.need), "way": t(way) if t.has(way) else _text(event.way)}


def _graded(_t: Translator, event: ev.Graded, _view: OpportunityView | None) -> tuple[str, Params]:
    if event.before == event.grade:
        return "Rescored", {"grade": event.grade, "score": event.score, "score_before": event.score_before}
    if event.before:
        return "Regraded", {"grade": event.grade, "score": event.score, "before": event.before}
    return event.kind, {"grade": event.grade, "score": event.score}


def _offered(t: Translator, event: ev.AssignmentOffered, _view: OpportunityView | None) -> tuple[str, Params]:
    reason = harmless(reason_text(event.reason, event.params))
    return event.kind, {"member": _person(event.member), "reason": t.text(reason)}


def _declined(t: Translator, event: ev.AssignmentDeclined, _view: OpportunityView | None) -> tuple[str, Params]:
    if event.cause is not None:
        return "PassedOn", {"why": t(f"event.passed_on.{event.cause}", member=_person(event.member))}
    params = {"member": _person(event.member), "reason": _after(t, "event.because", event.reason)}
    return ("OfferLapsed" if event.lapsed else event.kind), params


def _pooled(t: Translator, event: ev.PutInPool, _view: OpportunityView | None) -> tuple[str, Params]:
    cause = f"event.pool.{event.cause}"
    return event.kind, {
        "cause": t(cause) if t.has(cause) else _text(event.cause),
        "former": _person(event.former),
        "reason": _after(t, "event.because", event.reason),
    }


def _member(_t: Translator, event: Any, _view: OpportunityView | None) -> tuple[str, Params]:
    return event.kind, {"member": _person(event.member)}


def _followed_up(t: Translator, event: ev.FollowUpLogged, _view: OpportunityView | None) -> tuple[str, Params]:
    params = {
        "way": t(f"event.logged.{event.way}"),
        "said": _text(event.said),
        "answered": _after(t, "event.answered", event.answered),
    }
    if event.for_member:
        return "FollowUpLoggedFor", {**params, "member": _person(event.for_member)}
    return event.kind, params


def _step(t: Translator, event: ev.NextStepSet, _view: OpportunityView | None) -> tuple[str, Params]:
    return event.kind, {"text": step_text(t, event.text, _WORDS), "due": event.due_at}


def _step_done(t: Translator, event: ev.NextStepDone, _view: OpportunityView | None) -> tuple[str, Params]:
    words = step_text(t, event.text, _WORDS)
    return ("NextStepDoneLate" if event.late else event.kind), {"text": words, "due": event.due_at}


def _snoozed(_t: Translator, event: ev.NextStepSnoozed, _view: OpportunityView | None) -> tuple[str, Params]:
    return event.kind, {"until": event.until}


def _moved(t: Translator, event: ev.StageChanged, view: OpportunityView | None) -> tuple[str, Params]:
    hours = round(event.hours)
    spent = t("event.spent", count=hours) if hours else ""
    params = {"before": _stage(event.before, view), "after": _stage(event.after, view), "spent": spent}
    return (event.kind if event.forward else "StageReversed"), params


def _won(t: Translator, event: ev.OpportunityWon, view: OpportunityView | None) -> tuple[str, Params]:
    amount = t.money(event.amount_minor, event.currency) if event.currency else "–"
    note = _after(t, "event.note", event.note)
    return event.kind, {"amount": amount, "reason": _reason(event.reason, view, is_win=True), "note": note}


def _lost(t: Translator, event: ev.OpportunityLost, view: OpportunityView | None) -> tuple[str, Params]:
    return event.kind, {
        "stage": _stage(event.stage, view),
        "reason": _reason(event.reason, view, is_win=False),
        "competitor": _after(t, "event.competitor", event.competitor),
        "note": _after(t, "event.note", event.note),
        "win_back": t("event.win_back", day=event.win_back_on) if event.win_back_on else "",
    }


def _reopened(_t: Translator, event: ev.OpportunityReopened, view: OpportunityView | None) -> tuple[str, Params]:
    return event.kind, {"stage": _stage(event.stage, view), "reason": _text(event.reason)}


def _edited(t: Translator, event: ev.OpportunityEdited, view: OpportunityView | None) -> tuple[str, Params]:
    currency = str((event.changes.get("currency") or [None, None])[1] or (view.currency if view else "USD"))
    changes = [_change(t, name, pair[1], currency, view) for name, pair in event.changes.items() if name != "currency"]
    return event.kind, {"changes": t("event.joint").join(changes) or "–"}


def _change(t: Translator, name: str, value: Any, currency: str, view: OpportunityView | None) -> str:
    label = f"event.field.{name}"
    shown = _fact(t, name, value, currency, view)
    if t.has(label):
        return t("event.change", field=t(label), value=shown)
    # A question of the team's own.
    asked = next((one.name for one in view.criteria if one.key == name), None) if view else None
    return t("event.change", field=harmless_name(asked) if asked else _text(name), value=shown)


def _fact(t: Translator, name: str, value: Any, currency: str, view: OpportunityView | None) -> Any:
    """Return a fact as people know it: answers by the team's names, amounts and days as the reader writes them."""
    if value is None or value == "":
        return "–"
    if name == "amount_minor" and isinstance(value, int):
        return t.money(value, currency)
    answer = view.answers.get((name, str(value))) if view else None
    if answer is not None:
        return harmless_name(answer)
    if name in _DAYS:
        with suppress(ValueError):
            return t.date(date.fromisoformat(str(value)))
    way = f"follow_up.way.{value}"
    return t(way) if name == "meeting" and t.has(way) else _text(str(value))


def _handover(t: Translator, event: ev.HandoverOffered, _view: OpportunityView | None) -> tuple[str, Params]:
    return event.kind, {"member": _person(event.to_member), "note": _after(t, "event.note", event.note)}


def _handover_declined(t: Translator, event: ev.HandoverDeclined, _view: OpportunityView | None) -> tuple[str, Params]:
    return event.kind, {"member": _person(event.to_member), "reason": _after(t, "event.because", event.reason)}


def _owner(_t: Translator, event: ev.OwnerChanged, _view: OpportunityView | None) -> tuple[str, Params]:
    keys = {
        "reassigned": "OwnerReassigned",
        "assigned": "OwnerAssigned",
        "ruled": "OwnerRuled",
        "rules": "OwnerByRules",
    }
    key = keys.get(event.how, event.kind)
    return key, {"before": _person(event.before), "after": _person(event.after)}


def _ladder(t: Translator, event: ev.LadderStepTaken, _view: OpportunityView | None) -> tuple[str, Params]:
    step, cause = f"event.step.{event.step}", f"event.cause.{event.cause}"
    return event.kind, {
        "step": t(step) if t.has(step) else event.step,
        "cause": t(cause) if t.has(cause) else event.cause,
        "to": _person(event.to),
    }


def _collision(_t: Translator, event: ev.CollisionStopped, _view: OpportunityView | None) -> tuple[str, Params]:
    return event.kind, {"member": _person(event.member), "customer": _text(event.customer)}


def _marked(t: Translator, event: ev.CollisionMarked, _view: OpportunityView | None) -> tuple[str, Params]:
    why = f"choice.why.{event.why}"
    return event.kind, {"member": _person(event.member), "why": t(why) if t.has(why) else _text(event.why)}


def _note(t: Translator, event: ev.NoteAdded, _view: OpportunityView | None) -> tuple[str, Params]:
    source = f"event.source.{event.source}"
    return event.kind, {"text": _text(event.text), "source": t(source) if t.has(source) else t("event.source.note")}


def _reviewed(_t: Translator, event: ev.ReviewWritten, _view: OpportunityView | None) -> tuple[str, Params]:
    return event.kind, {"lesson": _text(event.lesson)}


def _undone(t: Translator, event: ev.ActionUndone, _view: OpportunityView | None) -> tuple[str, Params]:
    action = f"event.undone.{event.what}"
    return event.kind, {"what": t(action) if t.has(action) else _text(event.what)}


def _told(t: Translator, event: ev.OwnerTold, _view: OpportunityView | None) -> tuple[str, Params]:
    contact = _after(t, "event.contact", event.contact)
    return event.kind, {"member": _person(event.member), "text": _text(event.text), "contact": contact}


def _ruling_asked(_t: Translator, event: ev.RulingAsked, _view: OpportunityView | None) -> tuple[str, Params]:
    return event.kind, {"member": _person(event.member), "plea": _text(event.plea)}


def _ruled(t: Translator, event: ev.RulingMade, _view: OpportunityView | None) -> tuple[str, Params]:
    decided = verdict(t, event.verdict, event.owner, event.asker)
    return event.kind, {"verdict": decided, "sentence": _text(event.sentence)}


def _ruling_dropped(t: Translator, event: ev.RulingDropped, _view: OpportunityView | None) -> tuple[str, Params]:
    return event.kind, {"asker": _person(event.asker), "cause": t(f"ruling.cause.{event.cause}")}


def _other_team(_t: Translator, event: ev.TeamChanged, view: OpportunityView | None) -> tuple[str, Params]:
    stage = _stage(event.stage, view)
    return event.kind, {"before": _person(event.before), "after": _person(event.after), "stage": stage}


def _merged(_t: Translator, event: Any, _view: OpportunityView | None) -> tuple[str, Params]:
    return event.kind, {"kept": _person(event.kept), "merged": _person(event.merged)}


_READERS: dict[type[ev.Event], Callable[..., tuple[str, Params]]] = {
    ev.LeadCaptured: _captured,
    ev.Graded: _graded,
    ev.AssignmentOffered: _offered,
    ev.AssignmentAccepted: _member,
    ev.AssignmentDeclined: _declined,
    ev.PutInPool: _pooled,
    ev.Claimed: _member,
    ev.OwnerLeft: _member,
    ev.OwnerReturned: _member,
    ev.FollowUpLogged: _followed_up,
    ev.NextStepSet: _step,
    ev.NextStepDone: _step_done,
    ev.NextStepSnoozed: _snoozed,
    ev.StageChanged: _moved,
    ev.OpportunityWon: _won,
    ev.OpportunityLost: _lost,
    ev.OpportunityReopened: _reopened,
    ev.OpportunityEdited: _edited,
    ev.HandoverOffered: _handover,
    ev.HandoverDeclined: _handover_declined,
    ev.OwnerChanged: _owner,
    ev.LadderStepTaken: _ladder,
    ev.CollisionStopped: _collision,
    ev.CollisionMarked: _marked,
    ev.OwnerTold: _told,
    ev.RulingAsked: _ruling_asked,
    ev.RulingMade: _ruled,
    ev.RulingDropped: _ruling_dropped,
    ev.TeamChanged: _other_team,
    ev.NoteAdded: _note,
    ev.ReviewWritten: _reviewed,
    ev.ActionUndone: _undone,
    ev.CustomerMerged: _merged,
    ev.CustomerMergeUndone: _merged,
}
