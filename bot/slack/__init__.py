"""The gateway to Slack's Web API: limits, retries and the translation of its errors."""
