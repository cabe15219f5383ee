"""What a change of the settings does to the names of wheels, why, and how to make each win."""
