"""Runs beside each other and over time: what they asked for, rested on and found. EDGE."""
