"""Pure decisions over frozen values: the loop itself, without a database, Slack or a clock of its own."""
