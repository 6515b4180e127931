"""A build of records, on one machine or by Apache Beam: jobs and folders."""
