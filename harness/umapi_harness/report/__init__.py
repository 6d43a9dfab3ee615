"""Reports: writers that turn the events of a run into a table, JUnit XML or JSON."""
