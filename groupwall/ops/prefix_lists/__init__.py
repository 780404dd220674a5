"""Managed prefix lists, their entries and versions."""
