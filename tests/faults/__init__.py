"""Correct layouts, faults put into them one at a time, and what a check says that it did not say before."""
