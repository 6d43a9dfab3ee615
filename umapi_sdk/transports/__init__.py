"""Transports: each sends a request once and returns the answer, or says whether the request may have arrived."""
