"""Contract checks: recordings of the service, and whether requests and answers keep to the documented contract."""
