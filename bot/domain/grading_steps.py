"""Owns what would make an opportunity the next better grade: the fewest facts, and of those the least that suffices."""

from dataclasses import dataclass

from bot.domain.grading import Grade
from bot.domain.playbook import Playbook

SIZE, LARGE = "size", "large"


@dataclass(frozen=True, slots=True)
class Step:
    """A fact that is worth points: this answer instead of the present one brings ``gain`` more."""

    criterion: str
    option: str
    gain: int


@dataclass(frozen=True, slots=True)
class NextGrade:
    """The next better grade, the points missing for it, and the cheapest facts that bring them; none where no facts do."""

    letter: str
    missing: int
    steps: tuple[Step, ...]


def next_grade(grade: Grade, playbook: Playbook, *, fixed: frozenset[str] = frozenset()) -> NextGrade | None:
    """Return what is missing for the next better grade.

    Args:
        grade: As it stands.
        playbook: Whose scorecard made it.
        fixed: Criteria that nothing can change any more, such as the source of a lead.

    Returns:
        Points and facts; None for an A.
    """
    scorecard = playbook.scorecard
    letter, wanted = ("A", scorecard.a_from) if grade.letter == "B" else ("B", scorecard.b_from)
    if grade.letter == "A":
        return None
    missing = wanted - grade.score
    return NextGrade(letter, missing, _cheapest(_steps(grade, playbook, fixed), missing))


def _steps(grade: Grade, playbook: Playbook, fixed: frozenset[str]) -> list[list[Step]]:
    """Return the better answers of each criterion that is open."""
    present = {point.criterion: point.points for point in grade.points}
    found = [
        [
            Step(one.key, option.key, option.points - present.get(one.key, 0))
            for option in one.options
            if option.points > present.get(one.key, 0)
        ]
        for one in playbook.scorecard.criteria
        if one.key not in fixed
    ]
    if SIZE not in present and playbook.scorecard.large_amount_points > 0:
        found.append([Step(SIZE, LARGE, playbook.scorecard.large_amount_points)])
    return [steps for steps in found if steps]


def _cheapest(choices: list[list[Step]], missing: int) -> tuple[Step, ...]:
    # By number of facts and by what they bring together: the first way found, so that the same question has one answer.
    ways: list[dict[int, tuple[Step, ...]]] = [{0: ()}, *({} for _ in choices)]
    for steps in choices:
        for count in range(len(choices) - 1, -1, -1):
            for gain, way in list(ways[count].items()):
                for step in steps:
                    ways[count + 1].setdefault(gain + step.gain, (*way, step))
    for found in ways[1:]:
        enough = [gain for gain in found if gain >= missing]
        if enough:
            return found[min(enough)]
    return ()
