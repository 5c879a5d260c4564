"""HTTP in, page out: the only place that knows the web framework."""
