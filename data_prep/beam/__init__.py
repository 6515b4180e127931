"""The same build on many machines, by Apache Beam."""
