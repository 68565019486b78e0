"""Faults planted on purpose, one by one, and the check that must catch each."""
