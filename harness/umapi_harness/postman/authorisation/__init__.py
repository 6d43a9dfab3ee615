"""Authorisation: what a request carries to prove who sends it, for each of Postman's types that needs no person."""
