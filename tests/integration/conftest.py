"""Fixtures of the tests that use services on real databases."""

import pytest

from bot.clock import FakeClock
from bot.services.desk import Desk
from tests.factories import TeamWorld, make_team_world


@pytest.fixture
def team_world(desk: Desk, clock: FakeClock) -> TeamWorld:
    """Two teams in Shanghai's working hours, with everybody that a rule of the loop asks about."""
    return make_team_world(desk, clock)
