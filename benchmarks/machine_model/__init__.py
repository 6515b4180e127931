"""Estimates the time of a pre-training step on other machines."""
