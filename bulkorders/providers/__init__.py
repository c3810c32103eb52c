"""The remote systems: one folder each, found by being there."""
