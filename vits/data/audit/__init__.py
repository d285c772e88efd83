"""The data doctor: measures a prepared corpus, names its faults and writes it without them."""
