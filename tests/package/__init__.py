"""Tests of what is installed: the wheel, its programs, other versions."""
