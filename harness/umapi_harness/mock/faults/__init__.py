"""Planned failures: which calls they strike, and what becomes of those."""
