"""Analyses: tables in, one result table out. They judge nothing; rules do."""
