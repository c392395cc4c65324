"""Closeloop: no opportunity is ever in a gap."""
