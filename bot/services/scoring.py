"""Owns the answers that forms give to grading questions: those of the playbook that the opportunity is under, and no others."""

from collections.abc import Mapping

from bot.domain.playbook import Playbook
from bot.errors import InvalidInput, Text

# What stages ask for is kept with the answers. Two of those are questions of the usual scorecard, typed freely without it.
_FREE = frozenset({"meeting", "quote_amount", "quote_valid_until"})
_USUAL = frozenset({"budget", "authority"})


def fitting(given: Mapping[str, str], playbook: Playbook) -> dict[str, str]:
    """Return those of the answers that were given under another playbook, or an earlier version, which this one has too."""
    asked = {one.key: {option.key for option in one.options} for one in playbook.scorecard.criteria}
    return {name: value for name, value in given.items() if value in asked.get(name, ())}


def answers(given: Mapping[str, str], playbook: Playbook) -> dict[str, str]:
    """Return the answers that were given to questions which somebody asks, without the empty ones.

    Raises:
        InvalidInput: An answer that the scorecard does not have.
    """
    known = {one.key: [option.key for option in one.options] for one in playbook.scorecard.criteria}
    found = {name: value for name, value in given.items() if value and (name in known or name in _FREE | _USUAL)}
    for name, value in found.items():
        if name in known and name not in _FREE and value not in known[name]:
            raise InvalidInput({name: Text("grade.no_option", name=name, value=value, known=", ".join(known[name]))})
    return found
