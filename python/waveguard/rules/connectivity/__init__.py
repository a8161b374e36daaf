"""Rules about how devices meet."""
