"""A build of records on one machine: its jobs, workers and folder."""
