"""Rules about the file itself: what was wrong with it, and how much of it was understood."""
