"""Use cases: each opens one transaction and returns frozen values."""
