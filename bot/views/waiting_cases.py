"""Owns what waits for a decision, in a list: each case in two lines, with a button to its evidence and the ways to decide."""

from collections.abc import Sequence

from bot.i18n import Translator
from bot.services.case_values import RegistrationCase, RulingCase
from bot.views import elements, registration_views, ruling_views
from bot.views.elements import Block, Message
from bot.views.registration_views import RegistrationId
from bot.views.ruling_views import RulingId

_CASES = 8


def rows(t: Translator, cases: Sequence[RulingCase | RegistrationCase]) -> list[Block]:
    """Return the first of them, and how many more there are."""
    blocks: list[Block] = []
    for case in cases[:_CASES]:
        if isinstance(case, RulingCase):
            words, action = ruling_views.line(t, case), RulingId.OPEN.value
        else:
            words, action = registration_views.line(t, case), RegistrationId.OPEN.value
        button = elements.button(t("home.button.open"), action, case.id, style="primary")
        blocks.append(elements.section(words, accessory=button))
    if len(cases) > _CASES:
        blocks.append(elements.context(t("home.more_to_decide", count=len(cases) - _CASES)))
    return blocks


def reminder(t: Translator, cases: Sequence[RulingCase | RegistrationCase]) -> Message:
    """Return what reminds a judge of what still waits for them."""
    title = t("home.counted", title=t("ruling.undecided"), count=len(cases))
    return elements.message(title, [elements.section(f"*{title}*"), *rows(t, cases)])
