"""Wires the real bot, the stand-in for Slack and a few weeks of history together, for a browser on this machine."""

from bot.demo.running import main

__all__ = ["main"]
