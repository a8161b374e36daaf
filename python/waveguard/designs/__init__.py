"""Parametric reference layouts: generators that write a layout and, where it has one, its budget."""
