"""Tools around the User Management API: a mock server, a collection runner, contract checks, reports."""
