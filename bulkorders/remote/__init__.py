"""The only place that knows HTTP: one call with its limits, what its answer proves, tokens that several processes share."""
