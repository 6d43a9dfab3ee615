"""What all of the harness needs: the one definition of what is secret, and how text is looked through for it."""
