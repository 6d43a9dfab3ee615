"""Judges: each compares the exchanges of a recording with one thing that should agree with them."""
