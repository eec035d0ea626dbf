"""Every word that people read, in one place; may import `model`. Start at `sentences`."""
