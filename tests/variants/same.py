"""Are two networks the same? Isomorphic with equal lengths, told by colour refinement, with the difference in words.

Nodes begin with their kind as colour, routes with their length, where lengths of both networks that differ by less than
the tolerance have one name. Then each node takes the colours of what its routes lead to, as often as this tells more
nodes apart. Graphs that this cannot tell apart, regular ones with equal lengths all over, do not occur in layouts.
"""

from __future__ import annotations

from collections import Counter, defaultdict

import numpy as np

from variants.network import Edge, Network

MAX_SHOWN = 12
MAX_ROUNDS = 64
Signature = tuple[int, int, int]


def differences(
    a: Network, b: Network, tolerance_nm: float = 2.0, *, relative: float = 0.0, lengths: bool = True
) -> list[str]:
    """Return in words where two networks differ; empty when they are the same.

    A length may differ by the tolerance and a share of it. With ``lengths=False`` only the graphs are compared.
    """
    found = _of_nodes(a, b)
    names = (
        _length_names([*a.edges, *b.edges], tolerance_nm, relative) if lengths else [0] * (len(a.edges) + len(b.edges))
    )
    of_a, of_b = names[: len(a.edges)], names[len(a.edges) :]
    colours_a, colours_b = _refined(a, of_a, b, of_b)
    routes_a = _by_signature(a, colours_a, of_a)
    routes_b = _by_signature(b, colours_b, of_b)
    for signature in sorted(set(routes_a) | set(routes_b)):
        mine, other = routes_a.get(signature, []), routes_b.get(signature, [])
        if len(mine) > len(other):
            found += [f"only in the first: {_words(a, edge)}" for edge in mine[len(other) :]]
        elif len(other) > len(mine):
            found += [f"only in the second: {_words(b, edge)}" for edge in other[len(mine) :]]
        elif lengths:
            for left, right in zip(mine, other, strict=True):
                if abs(left.length_nm - right.length_nm) > tolerance_nm + relative * left.length_nm:
                    found.append(f"{_words(a, left)} is {right.length_nm - left.length_nm:+.3f} nm in the second")
    if not found and Counter(colours_a) != Counter(colours_b):
        found.append("the same parts joined in another way")
    return found


def same_network(a: Network, b: Network, tolerance_nm: float = 2.0, *, lengths: bool = True) -> bool:
    """Return whether two networks are the same; an assertion shows the difference."""
    found = differences(a, b, tolerance_nm, lengths=lengths)
    if found:
        more = f"\n... and {len(found) - MAX_SHOWN} more" if len(found) > MAX_SHOWN else ""
        raise AssertionError("the networks differ:\n" + "\n".join(found[:MAX_SHOWN]) + more)
    return True


def _of_nodes(a: Network, b: Network) -> list[str]:
    here, there = Counter(n.label for n in a.nodes), Counter(n.label for n in b.nodes)
    return [
        f"{here[label]} x {label[0]} of {label[1]} in the first, {there[label]} in the second"
        for label in sorted(set(here) | set(there))
        if here[label] != there[label]
    ]


def _length_names(edges: list[Edge], tolerance_nm: float, relative: float) -> list[int]:
    """Return a number for each length; lengths next to each other within the tolerance share it."""
    lengths = np.array([edge.length_nm for edge in edges])
    order = np.argsort(lengths, kind="stable")
    names = np.zeros(len(lengths), dtype=np.int64)
    if len(lengths):
        allowed_nm = tolerance_nm + relative * lengths[order][:-1]
        names[order] = np.concatenate([[0], np.cumsum(np.diff(lengths[order]) > allowed_nm)])
    result: list[int] = names.tolist()
    return result


def _refined(a: Network, names_a: list[int], b: Network, names_b: list[int]) -> tuple[list[int], list[int]]:
    """Return the colour of every node of both networks; the colours of both mean the same."""
    nodes = [*a.nodes, *b.nodes]
    shift = len(a.nodes)
    beside: list[list[tuple[int, int]]] = [[] for _ in nodes]
    for network, names, first in ((a, names_a, 0), (b, names_b, shift)):
        for edge, name in zip(network.edges, names, strict=True):
            beside[first + edge.a].append((name, first + edge.b))
            beside[first + edge.b].append((name, first + edge.a))
    labels = sorted({node.label for node in nodes})
    colours = [labels.index(node.label) for node in nodes]
    for _ in range(MAX_ROUNDS):
        keys = [
            (colours[i], tuple(sorted((name, colours[j]) for name, j in around))) for i, around in enumerate(beside)
        ]
        numbers = {key: number for number, key in enumerate(sorted(set(keys)))}
        finer = [numbers[key] for key in keys]
        done = len(numbers) == len(set(colours))
        colours = finer
        if done:
            break
    return colours[:shift], colours[shift:]


def _by_signature(network: Network, colours: list[int], names: list[int]) -> dict[Signature, list[Edge]]:
    routes: dict[Signature, list[Edge]] = defaultdict(list)
    for edge, name in zip(network.edges, names, strict=True):
        one, two = sorted((colours[edge.a], colours[edge.b]))
        routes[one, two, name].append(edge)
    return {key: sorted(edges, key=lambda edge: edge.length_nm) for key, edges in routes.items()}


def _words(network: Network, edge: Edge) -> str:
    return f"{edge.length_nm / 1e3:.4f} um from {network.nodes[edge.a]} to {network.nodes[edge.b]}"
