"""Price tables as vendors and users write them: how their bytes become columns under our names."""
