"""Speaker encoders: a recording to a vector that says who speaks."""
