"""The upload page and the HTTP API: another door to the same pipeline."""
