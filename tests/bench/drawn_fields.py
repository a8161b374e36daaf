"""Fields of drawn layouts: how the time grows with what is drawn, and how much memory it takes.

    python tests/bench/drawn_fields.py                     # all parts
    python tests/bench/drawn_fields.py rings routed        # some of: rings, bundle, routed

`rings`: a bus with 64 to 1,024 rings drawn beside it, each with a drop guide whose ends reflect, from shapes to
S-parameters at 2,000 wavelengths. `bundle`: 8 to 128 guides side by side. `routed`: the routed mesh of the shared
layouts (WAVEGUARD_LAYOUTS, or ../shared/layouts), with all couplers between its guides and without.
"""

from __future__ import annotations

import argparse
import math
import os
import subprocess
import sys
import time
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

import drawn_guides as draw
from waveguard import engine, fields, pdk
from waveguard.extract import extract
from waveguard.layout import read

PARTS = ("rings", "bundle", "routed")
PITCH_UM = 30.0


def peak_mib() -> float:
    """Return the most memory this process had."""
    with open("/proc/self/status", encoding="ascii") as status:  # noqa: PTH123 (no file of ours)
        return next(int(line.split()[1]) / 1024 for line in status if line.startswith("VmHWM"))


def wdm(n: int) -> draw.Shapes:
    """Draw a bus with rings of 64 radii, each with a drop guide."""
    shapes = [draw.straight(0, n * PITCH_UM, 0)]
    for k in range(n):
        radius = 10 + (k % 64) * 0.005
        x, far = PITCH_UM * (k + 0.5), 2 * radius + 1.4
        shapes += [*draw.ring(x, radius + 0.7, radius), draw.straight(x - 12, x + 12, far)]
    return shapes


def rings(n: int, n_wl: int) -> float:
    """Time the rings, in this process."""
    model = draw.circuit_of(wdm(n))
    wl = np.linspace(1.54, 1.56, n_wl)
    ports = [draw.end(0, 0), draw.end(n * PITCH_UM, 0)]
    start = time.perf_counter()
    found = fields.from_layout(model, wl_um=wl, ports=ports)
    seconds = time.perf_counter() - start
    assert found.residual is not None
    print(
        f"{n} drawn rings, {found.figures['instances']} instances, {found.figures['couplers']} couplers, {n_wl} "
        f"wavelengths: {seconds:.2f} s; residual {found.residual.max():.0e}; {peak_mib():.0f} MiB at most"
    )
    return seconds


def in_own_process(call: str) -> None:
    """Run a part where its memory is its own."""
    folder = str(Path(__file__).resolve().parent)
    script = f"import sys; sys.path.insert(0, {folder!r}); import drawn_fields as b; b.{call}"
    print(subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True).stdout, end="")


def bundle(length_um: float) -> None:
    """Time bundles of guides that are too near to each other."""
    times, sizes = [], (8, 16, 32, 64, 128)
    for n in sizes:
        model = draw.circuit_of([draw.straight(0, length_um, 0.9 * k) for k in range(n)])
        wl = np.linspace(1.54, 1.56, 101)
        ports = [draw.end(x, 0.9 * k) for x in (0, length_um) for k in range(n)]
        start = time.perf_counter()
        found = fields.from_layout(model, wl_um=wl, ports=ports, floor_db=-50.0)
        times.append(time.perf_counter() - start)
        print(f"{n} guides side by side, {found.figures['couplers']} couplers, 101 wavelengths: {times[-1]:.2f} s")
    exponent = np.polyfit(np.log(sizes[1:]), np.log(times[1:]), 1)[0]
    print(f"  exponent {exponent:.2f}")


def routed() -> None:
    """Time the routed mesh."""
    here = Path(os.environ.get("WAVEGUARD_LAYOUTS", Path(__file__).resolve().parents[3] / "shared" / "layouts"))
    path = here / "LiDAR__clements_8x8_routed.gds"
    if not path.is_file():
        print(f"routed mesh: {path} is not there")
        return
    model = engine.circuit_of(extract(read(path), pdk.load("generic-si220-o")))
    wl = np.linspace(1.3, 1.32, 201)
    for floor_db in (-80.0, math.inf):
        start = time.perf_counter()
        found = fields.from_layout(model, wl_um=wl, floor_db=floor_db)
        seconds = time.perf_counter() - start
        print(
            f"routed mesh, {found.figures['instances']} instances, {found.figures['couplers']} couplers, 201 "
            f"wavelengths: {seconds:.2f} s; {peak_mib():.0f} MiB at most"
        )


def main() -> None:
    """Run the parts that are asked for."""
    parser = argparse.ArgumentParser(description="Time fields of drawn layouts.")
    parser.add_argument("parts", nargs="*", choices=[*PARTS, []], help=f"some of {', '.join(PARTS)}; all without")
    parts = parser.parse_args().parts or list(PARTS)
    if "rings" in parts:
        for n in (64, 256, 1024):
            in_own_process(f"rings({n}, 2000)")
    if "bundle" in parts:
        bundle(500.0)
    if "routed" in parts:
        routed()


if __name__ == "__main__":
    main()
