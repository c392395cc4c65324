"""Owns the next step as people read it: in the words it was typed in, or, where the loop itself set it, in the reader's language."""

from functools import cache

from bot.i18n import Translator
from bot.i18n.translator import LOCALES
from bot.views.mrkdwn import escape_line

_OWN = ("lead.first_step", "close.first_step")


def step_words(t: Translator, text: str) -> str:
    """Return a next step in plain words."""
    key = _own_words().get(text)
    return t(key) if key is not None else text


def step_text(t: Translator, text: str | None, most: int) -> str:
    """Return a next step as mrkdwn of one line; a dash where there is none."""
    return escape_line(step_words(t, text) if text else "–", most)


@cache
def _own_words() -> dict[str, str]:
    """Return the steps that the loop sets by itself, in every language, with their keys: they are kept in the team's."""
    return {Translator(locale)(key): key for locale in LOCALES for key in _OWN}
