"""Slack listeners by subject; each module registers its own."""
