"""Instances as records, and interfaces as their devices."""
