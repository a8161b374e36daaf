"""Rules about light: loss, power and crosstalk against what the design asks for."""
