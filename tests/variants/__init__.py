"""The same layout drawn in other ways, circuits with a known answer, and the comparison of networks.

All here are pure functions on gdstk libraries. A law of the extraction reads `same_network(of(a), of(variant(a)))`.
"""
