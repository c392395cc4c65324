"""Owns ``run``: the bot at work in a real workspace."""

import click
