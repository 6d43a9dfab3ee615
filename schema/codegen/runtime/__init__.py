"""Typed models of Adobe's User Management API, generated from its JSON Schemas."""
