"""Tables of prices that nobody here prepared: how their bytes become columns under our names."""
