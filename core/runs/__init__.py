"""How a run happens: executing stages, supervising processes, its log, and what a reader is told. EDGE."""
