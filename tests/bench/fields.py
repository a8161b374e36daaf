"""Fields: how fast, against a product of columns in numpy and against SAX, and in how much memory.

    python tests/bench/fields.py                     # all parts
    python tests/bench/fields.py mesh memory         # some of: mesh, sax, memory, rings, growth, reflections

Everything is timed in one process, in turns, and the best of several runs is taken, so that what else the machine does
hits all alike. The numpy product multiplies the columns of the mesh into one matrix for all wavelengths at once; SAX is
timed warm, at its second call, with a compiled model; to compile the whole mesh takes XLA longer than one waits for.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import time
from collections.abc import Callable
from typing import Any

import numpy as np

from waveguard.fields import core
from waveguard.models.fields.scattering import amplitude

PARTS = ("mesh", "sax", "memory", "rings", "growth", "reflections")


def best(work: Callable[[], Any], runs: int) -> float:
    """Return the least time of several runs, in s."""
    times = []
    for _ in range(runs):
        start = time.perf_counter()
        work()
        times.append(time.perf_counter() - start)
    return min(times)


def peak_mib() -> float:
    """Return the most memory this process had (not what it took over from the one that started it)."""
    with open("/proc/self/status", encoding="ascii") as status:  # noqa: PTH123 (no file of ours)
        return next(int(line.split()[1]) / 1024 for line in status if line.startswith("VmHWM"))


class Mesh:
    """A rectangular mesh of interferometers (Clements et al., Optica 3, 1460 (2016)) with phases of their own."""

    def __init__(self, n: int, columns: int | None = None, reflection: float = 0.0) -> None:
        self.n, self.reflection = n, reflection
        self.columns: list[np.ndarray] = []
        lines = np.full(n, -1)
        peer: dict[int, int] = {}
        self.inputs = np.full(n, -1)
        count = 0
        for column in range(columns or n):
            rows = np.arange(column % 2, n - 1, 2)
            self.columns.append(rows)
            for row in rows.tolist():
                for side in (0, 1):
                    port = 4 * count + side
                    if lines[row + side] < 0:
                        self.inputs[row + side] = port
                    else:
                        peer[int(lines[row + side])] = port
                    lines[row + side] = port + 2
                count += 1
        self.count, self.outputs = count, lines
        self.peer = np.full(4 * count, -1)
        for a, b in peer.items():
            self.peer[a], self.peer[b] = b, a
        random = np.random.default_rng(1)
        self.theta, self.phi = random.uniform(0, 2 * np.pi, (2, count))

    def two_by_two(self, wl_um: np.ndarray) -> tuple[np.ndarray, ...]:
        """Return the four amplitudes of all devices, (device, wavelength)."""
        turn = 1.55 / wl_um[None]
        half, outer = self.theta[:, None] / 2 * turn, np.exp(1j * self.phi[:, None] * turn)
        both = 1j * np.exp(1j * half) * amplitude(0.1)
        sin, cos = np.sin(half), np.cos(half)
        return both * outer * sin, both * cos, both * outer * cos, -both * sin

    def blocks(self, wl_um: np.ndarray) -> core.Blocks:
        """Return the devices as blocks of four ports."""

        def evaluate(rows: core.Rows) -> np.ndarray:
            wl = wl_um[rows]
            s = np.zeros((self.count, len(wl), 4, 4), dtype=complex)
            for k, value in enumerate(self.two_by_two(wl)):
                out, start = divmod(k, 2)
                s[:, :, 2 + out, start] = s[:, :, start, 2 + out] = value * np.sqrt(1 - self.reflection)
            if self.reflection:
                s[:, :, range(4), range(4)] = np.sqrt(self.reflection)
            return s

        return core.Blocks(self.count, 4, evaluate)

    def solve(self, blocks: core.Blocks, wl_um: np.ndarray, threads: int = 0, **options: int) -> core.Fields:
        """Solve from all inputs to all outputs."""
        return core.solve(
            [blocks],
            instance_block=np.arange(self.count),
            port_peer=self.peer,
            inputs=self.inputs,
            outputs=self.outputs,
            wl_um=wl_um,
            threads=threads,
            **options,
        )

    def product(self, values: tuple[np.ndarray, ...]) -> np.ndarray:
        """Return the matrix of the mesh, (wavelength, out, in), column by column."""
        u = np.broadcast_to(np.eye(self.n, dtype=complex), (values[0].shape[1], self.n, self.n)).copy()
        first = 0
        for rows in self.columns:
            a, b, c, d = (value[first : first + len(rows)].T[:, :, None] for value in values)
            upper, lower = u[:, rows], u[:, rows + 1]
            u[:, rows], u[:, rows + 1] = a * upper + b * lower, c * upper + d * lower
            first += len(rows)
        return u


def held(mesh: Mesh, wl_um: np.ndarray) -> core.Blocks:
    """Return blocks that are evaluated already: the time of models is the same for all."""
    s = mesh.blocks(wl_um).evaluate(slice(None))
    return core.Blocks(mesh.count, 4, lambda rows: s[:, rows])


def mesh_against_numpy(n: int, n_wl: int) -> None:
    """Time the mesh against the product of its columns."""
    mesh, wl = Mesh(n), np.linspace(1.53, 1.57, n_wl)
    values = mesh.two_by_two(wl)
    blocks = held(mesh, wl)
    ours: list[float] = []
    theirs: list[float] = []
    for _ in range(7):
        ours.append(best(lambda: mesh.solve(blocks, wl), 1))
        theirs.append(best(lambda: mesh.product(values), 1))
    found, expected = mesh.solve(blocks, wl), mesh.product(values)
    error = np.abs(found.s - expected).max()
    print(
        f"mesh N={n}, {mesh.count} devices, {n_wl} wavelengths: {min(ours) * 1e3:.1f} ms; numpy product of columns "
        f"{min(theirs) * 1e3:.1f} ms = {min(theirs) / min(ours):.1f} times as long; largest difference {error:.1e}"
    )


def mesh_against_sax(n: int, n_wl: int) -> None:
    """Time the mesh against a warm call of SAX."""
    import jax

    jax.config.update("jax_enable_x64", True)
    import jax.numpy as jnp
    import sax

    mesh, wl = Mesh(n), np.linspace(1.53, 1.57, n_wl)
    names = [f"m{k}" for k in range(mesh.count)]
    port = lambda p: f"{names[p // 4]},{('in1', 'in2', 'out1', 'out2')[p % 4]}"  # noqa: E731
    netlist = {
        "instances": {
            name: {"component": "mzi", "settings": {"theta": t, "phi": p}}
            for name, t, p in zip(names, mesh.theta.tolist(), mesh.phi.tolist(), strict=True)
        },
        "connections": {port(a): port(int(b)) for a, b in enumerate(mesh.peer) if b > a},
        "ports": {
            **{f"a{k}": port(int(p)) for k, p in enumerate(mesh.inputs)},
            **{f"b{k}": port(int(p)) for k, p in enumerate(mesh.outputs)},
        },
    }

    def mzi(wl: Any = 1.55, theta: float = 0.0, phi: float = 0.0) -> Any:
        turn = 1.55 / wl
        half, outer = theta / 2 * turn, jnp.exp(1j * phi * turn)
        both = 1j * jnp.exp(1j * half) * 10 ** (-0.1 / 20)
        return sax.reciprocal(
            {
                ("in1", "out1"): both * outer * jnp.sin(half),
                ("in2", "out1"): both * jnp.cos(half),
                ("in1", "out2"): both * outer * jnp.cos(half),
                ("in2", "out2"): -both * jnp.sin(half),
            }
        )

    start = time.perf_counter()
    circuit, _ = sax.circuit(netlist=netlist, models={"mzi": jax.jit(mzi)})
    circuit(wl=jnp.asarray(wl))
    first = time.perf_counter() - start
    warm = best(lambda: jax.block_until_ready(circuit(wl=jnp.asarray(wl))), 2)
    blocks = mesh.blocks(wl)
    ours = best(lambda: mesh.solve(blocks, wl), 5)
    print(
        f"mesh N={n}, {n_wl} wavelengths, models included: {ours * 1e3:.1f} ms; SAX {sax.__version__} warm "
        f"{warm:.2f} s = {warm / ours:.0f} times as long (its first call took {first:.1f} s)"
    )


def peak_memory(n: int, n_wl: int) -> None:
    """Say the largest memory of a process that solves a mesh, in a process of its own."""
    code = f"m = Mesh({n}); w = np.linspace(1.5, 1.6, {n_wl}); m.solve(m.blocks(w), w)"
    script = (
        f"import sys, time; sys.path.insert(0, {str(__file__).rsplit('/', 1)[0]!r}); t = time.perf_counter(); "
        f"from fields import Mesh, np, peak_mib; {code}; print(peak_mib(), time.perf_counter() - t)"
    )
    answer = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True).stdout.split()
    print(f"mesh N={n}, {n_wl} wavelengths: {float(answer[0]):.0f} MiB at most, {float(answer[1]):.2f} s with models")


def ring_bus(n_rings: int, n_wl: int) -> None:
    """Time a bus with rings of many channels, each with a drop port."""
    wl = np.linspace(1.5, 1.6, n_wl)
    radius = 10.0 + 0.002 * np.arange(n_rings)
    half_um = np.pi * radius

    def guides(rows: core.Rows) -> np.ndarray:
        grid = wl[rows]
        wave_number = 2 * np.pi * (2.4 - 1.1 * (grid - 1.55)) / grid
        s = np.zeros((n_rings, len(grid), 2, 2), dtype=complex)
        s[:, :, 0, 1] = s[:, :, 1, 0] = 0.999 * np.exp(1j * half_um[:, None] * wave_number)
        return s

    t, k = np.sqrt(0.95), 1j * np.sqrt(0.05)
    coupler = np.zeros((1, 1, 4, 4), dtype=complex)
    for a, b, value in ((0, 2, t), (1, 3, t), (0, 3, k), (1, 2, k)):
        coupler[0, 0, b, a] = coupler[0, 0, a, b] = value
    blocks = [core.Blocks(n_rings, 2, guides), core.Blocks(1, 4, lambda _: coupler)]
    instance, peer, drops = [], [], []
    for ring in range(n_rings):
        # Two couplers and two half rings; ports 12 a ring: c 0-3, d 4-7, g 8-9, h 10-11.
        instance += [n_rings, n_rings, ring, ring]
        first = 12 * ring
        own = [-1] * 12
        for a, b in ((3, 8), (9, 5), (7, 10), (11, 1)):
            own[a], own[b] = first + b, first + a
        if ring:
            own[0] = first - 12 + 2
            peer[first - 12 + 2] = first
        peer += own
        drops.append(first + 6)
    outputs = [*drops, 12 * (n_rings - 1) + 2]
    found: list[core.Fields] = []
    seconds = best(
        lambda: found.append(
            core.solve(blocks, instance_block=instance, port_peer=peer, inputs=[0], outputs=outputs, wl_um=wl)
        ),
        2,
    )
    total = (np.abs(found[0].s) ** 2).sum(axis=1).max()
    peak = peak_mib()
    print(
        f"bus of {n_rings} rings, {len(instance)} devices, {n_wl} wavelengths, {found[0].n_loops} loops: {seconds:.2f} "
        f"s; residual {found[0].residual.max():.0e}, most power out {total:.4f}; {peak:.0f} MiB at most"
    )


def growth(n: int) -> None:
    """Print how the time grows with the devices of a mesh that becomes deeper."""
    wl = np.linspace(1.53, 1.57, 20)
    times, counts = [], []
    for columns in (32, 128, 512, 2048):
        mesh = Mesh(n, columns)
        blocks = held(mesh, wl)
        times.append(best(lambda m=mesh, b=blocks: m.solve(b, wl, 1, portion_bytes=1 << 40), 3))
        counts.append(mesh.count)
    exponent = np.polyfit(np.log(counts[1:]), np.log(times[1:]), 1)[0]
    listed = ", ".join(f"{count} devices {seconds * 1e3:.1f} ms" for count, seconds in zip(counts, times, strict=True))
    print(f"forward mesh of {n} lines, 20 wavelengths, one thread: {listed}; exponent {exponent:.2f}")


def reflections() -> None:
    """Time meshes in which every device reflects -30 dB: one loop of all ports."""
    for n in (16, 32, 64):
        mesh, wl = Mesh(n, reflection=1e-3), np.linspace(1.53, 1.57, 4)
        blocks = held(mesh, wl)
        found: list[core.Fields] = []
        seconds = best(lambda m=mesh, b=blocks, f=found, w=wl: f.append(m.solve(b, w)), 2)
        print(
            f"mesh N={n} that reflects everywhere, a loop of {found[0].largest_loop} ports: {seconds / 4 * 1e3:.0f} ms "
            f"a wavelength, residual {found[0].residual.max():.0e}"
        )


def main() -> None:
    """Run the parts that are asked for."""
    parser = argparse.ArgumentParser(description="Time the field solver.")
    parser.add_argument("parts", nargs="*", choices=[*PARTS, []], help=f"some of {', '.join(PARTS)}; all without")
    parser.add_argument("--sax-n", type=int, default=64, help="size of the mesh for SAX")
    options = parser.parse_args()
    parts = options.parts or list(PARTS)
    if "mesh" in parts:
        mesh_against_numpy(64, 100)
    if "growth" in parts:
        growth(64)
    if "reflections" in parts:
        reflections()
    if "rings" in parts:
        ring_bus(1024, 2000)
    if "memory" in parts:
        peak_memory(64, 1000)
    if "sax" in parts:
        mesh_against_sax(options.sax_n, 100)


if __name__ == "__main__":
    main()
