"""Files: one door to local disks and buckets, and the formats."""
