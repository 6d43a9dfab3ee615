"""Sending: one request over the wire, and its answer, as plain values; loads urllib3 and nothing else of weight."""
