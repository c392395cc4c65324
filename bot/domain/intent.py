"""Owns what the words of a need say about the customer's intent, where nobody answered that question."""

import re
import unicodedata

from bot.domain.playbook import Scorecard

CRITERION = "intent"
# A team's own answer of that name goes before the default one, which stands for all of them.
_ASKED = "quote"
_WORDS = (
    ("quote", re.compile(r"(?<![a-z])(?:quotes?|quotations?|pric(?:es?|ing)|rfq)(?![a-z])|报价|询价|价格")),
    ("trial", re.compile(r"(?<![a-z])(?:trials?|pilot)(?![a-z])|试用")),
    ("demo", re.compile(r"(?<![a-z])(?:demos?|demonstrations?)(?![a-z])|演示")),
)
# "No demo", "does not need a quote", 不需要报价: what stands close behind these was not asked for.
_NOT = re.compile(r"(?:(?<![a-z])(?:no|not|never|without)|n't)(?:\s+[a-z]+){0,3}\s+$|[不没无未别][^\s,.;:!?、。]{0,4}$")


def read_intent(need: str, scorecard: Scorecard) -> str | None:
    """Return the answer to "intent" that the words of a need give, such as ``quote`` for "needs a quote" or 询价.

    Args:
        need: As typed, in English or Chinese.
        scorecard: Whose answers may be given; of several that the words speak for, the one worth most.

    Returns:
        The key of an answer; None where the words tell nothing, or the scorecard has no such answer.
    """
    scoring = next((one for one in scorecard.criteria if one.key == CRITERION), None)
    if scoring is None:
        return None
    text = unicodedata.normalize("NFKC", need).casefold().replace("’", "'")
    asked = [
        word for word, pattern in _WORDS if any(not _is_denied(text[: hit.start()]) for hit in pattern.finditer(text))
    ]
    worth = {option.key: option.points for option in scoring.options}
    known = [key for key in (*asked, *([_ASKED] if asked else [])) if key in worth]
    return max(known, key=worth.__getitem__, default=None)


def _is_denied(before: str) -> bool:
    return _NOT.search(before[-60:]) is not None
