"""From extraction tables and PDK models to the columns of a circuit; see `waveguard.circuit`."""
