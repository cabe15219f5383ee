"""What an audit has to say: of one project, of a whole index, and of several indexes together."""
