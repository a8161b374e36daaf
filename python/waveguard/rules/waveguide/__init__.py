"""Rules about the drawn shape of waveguides."""
