"""Owns the answer to "why this grade, why this owner": points that add up, what is missing, and who was considered."""

from enum import StrEnum

from bot.domain.assignment import Standing
from bot.domain.grading_steps import SIZE, Step
from bot.domain.playbook import Name, Playbook
from bot.domain.probability import CELL_LEAST, Chance
from bot.i18n import Translator
from bot.services.explanations import Decision, Explanation, GradeExplanation
from bot.views import elements
from bot.views.elements import Block, Element, View
from bot.views.ids import Callback
from bot.views.mrkdwn import escape_line, harmless, harmless_name

CONSIDERED = 3
_NAME = 80


class WhyId(StrEnum):
    """action_id of what only explanations have."""

    OPEN = "why.open"


def button(t: Translator, number: int, grade: str) -> Element:
    """Return the button beside a card's facts that opens the explanation."""
    return elements.button(t("why.button", grade=grade or "–"), WhyId.OPEN, number)


def modal(t: Translator, why: Explanation) -> View:
    """Return the explanation of one opportunity."""
    view = why.view
    blocks: list[Block] = [
        elements.section(f"*{escape_line(view.customer, 120)}* – {escape_line(view.need, 200)}"),
        elements.section("\n".join(grade_lines(t, why.grade))),
    ]
    if why.grade.following is not None:
        blocks.append(elements.context(following(t, why.grade)))
    if why.grade.chance is not None:
        blocks.append(elements.context(chance_line(t, why.grade.chance)))
    if len(why.grade.history) > 1:
        blocks.append(elements.context(history_line(t, why.grade)))
    blocks.append(elements.divider())
    owner = escape_line(view.owner.name, _NAME) if view.owner else t("card.pool")
    reason = t.text(harmless(view.owner_reason)) if view.owner_reason else "–"
    blocks.append(elements.section(t("why.owner", owner=owner, reason=reason)))
    if why.decision is not None:
        blocks.append(elements.context("\n".join(_considered(t, why.decision))))
    return elements.modal(Callback.RESULT, t("why.title"), blocks, close=t("answer.close"))


def grade_lines(t: Translator, one: GradeExplanation) -> list[str]:
    """Return the grade, its points one a line, and their sum, which is the score."""
    card = one.playbook.scorecard
    lines = [t("why.grade", grade=one.grade.letter or "–", score=one.grade.score, a=card.a_from, b=card.b_from)]
    for point in one.grade.points:
        criterion, option = names(one.playbook, point.criterion, point.option)
        key = "why.point_read" if (point.criterion, point.option) in one.is_read else "why.point"
        lines.append(t(key, points=point.points, criterion=criterion, option=option))
    lines.append(t("why.sum", score=sum(point.points for point in one.grade.points)))
    return lines


def names(playbook: Playbook, criterion: str, option: str) -> tuple[Name, Name]:
    """Return what the team calls a criterion and an answer, made harmless."""
    for scoring in playbook.scorecard.criteria:
        if scoring.key == criterion:
            return harmless_name(scoring.name), harmless_name(scoring.option(option).name)
    return Name("Size", "规模"), Name("Large amount", "大额")


def following(t: Translator, one: GradeExplanation) -> str:
    """Return what would make it the next better grade."""
    found = one.following
    if found is None:
        return ""
    if not found.steps:
        return t("why.out_of_reach", grade=found.letter, missing=found.missing)
    facts = t("why.joint").join(_step(t, one.playbook, step) for step in found.steps)
    return t("why.next", grade=found.letter, missing=found.missing, facts=facts)


def _step(t: Translator, playbook: Playbook, step: Step) -> str:
    if step.criterion == SIZE:
        least = t.money(playbook.scorecard.large_amount_minor, playbook.currency)
        return t("why.step_amount", amount=least, points=step.gain)
    criterion, option = names(playbook, step.criterion, step.option)
    return t("why.step", criterion=criterion, option=option, points=step.gain)


def chance_line(t: Translator, chance: Chance) -> str:
    """Return the chance to win in whole percents, or honestly that the history does not tell."""
    if chance.why == "shown":
        return t("why.chance.shown", percent=chance.percent, low=chance.low, high=chance.high, count=chance.count)
    if chance.why == "few":
        return t("why.chance.few", count=chance.count, least=CELL_LEAST)
    return t("why.chance.no_better", count=chance.known)


def history_line(t: Translator, one: GradeExplanation) -> str:
    """Return the grades it had, in order."""
    return t("why.history", grades=" → ".join(f"{step.letter} {step.score}" for step in one.history[-8:]))


def _considered(t: Translator, decision: Decision) -> list[str]:
    lines = [t("why.decided", at=decision.at, reason=t.text(harmless(decision.reason)))]
    lines += [f"• {standing(t, one, escape_line(one.name, _NAME))}" for one in decision.standings[:CONSIDERED]]
    more = len(decision.standings) - CONSIDERED
    return [*lines, t("why.more", count=more)] if more > 0 else lines


def standing(t: Translator, one: Standing, name: str) -> str:
    """Return where a member stood in a decision: chosen, free to choose, or what kept them from it.

    Args:
        t: The reader's.
        one: The standing.
        name: As it is to be shown.
    """
    fits = [t(f"why.fits.{word}") for word, is_so in (("covers", one.covers), ("speaks", one.speaks)) if is_so]
    said = t(
        f"why.verdict.{one.verdict}",
        load=one.open_load,
        capacity=one.capacity,
        weight=one.weight,
        until=one.away_until or "–",
    )
    return t("why.standing", name=name, verdict=t("why.comma").join([said, *fits]))
