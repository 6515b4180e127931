"""Replaced-token detection and the other pre-training objectives."""
