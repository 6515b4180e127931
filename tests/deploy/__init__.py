"""Tests of the scripts and manifests in deploy."""
