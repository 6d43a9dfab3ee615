"""What the service does with a call: routes, tokens, throttles, checks, steps, queries, and its words for refusals."""
