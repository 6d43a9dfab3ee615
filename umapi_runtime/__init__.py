"""What the generated models are built from: their checks, their rules, and how they are read and written."""
