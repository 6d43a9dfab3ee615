"""Formats of recordings: one module for each, and what they share in reading files of any size."""
