"""The whole job on one machine, in minutes: `make demo`."""
