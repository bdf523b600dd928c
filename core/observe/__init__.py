"""What other programs see of this one: metrics and lineage events; off by default. EDGE."""
