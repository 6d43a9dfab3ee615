"""What the tester asks for under /_mock/: the admin interface, verification, and the page."""
