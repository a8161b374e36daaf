"""Reads thousands of damaged layouts and counts what happens: `python tests/fuzz/mutate.py --n 10000`.

Each damaged file is read in a forked child with a limit on memory and time, so that a crash of a library is seen as
what it is. What may come of a damaged file: a `LayoutFileError` with a place and a remedy, or a layout that is
readable still.
"""

from __future__ import annotations

import argparse
import os
import random
import resource
import signal
import sys
import tempfile
import time
import traceback
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))

import corpus
import mutations

import waveguard.layout
from waveguard import engine
from waveguard.errors import LayoutFileError, LayoutFormatError
from waveguard.findings import Verdict
from waveguard.metadata import measurement_labels, siepic_texts

MAX_SECONDS = 20
MAX_SECONDS_CHECK = 60
# Stands for the PDK that fits the layout which was damaged.
FITTING = "fitting"
MAX_MEMORY_BYTES = 6 << 30
BATCH = 200
GOOD = {"refused by the scan", "refused", "readable", "readable, with problems"}
GOOD |= {f"checked: {verdict}" for verdict in (Verdict.CLEAN, Verdict.FINDINGS, Verdict.INCOMPLETE)}


@dataclass
class Tally:
    """What came of the damaged files."""

    outcomes: Counter[str] = field(default_factory=Counter)
    bad: list[tuple[int, str, str]] = field(default_factory=list)
    slowest_seconds: float = 0.0


def case(seeds: Mapping[str, bytes], seed: int, number: int) -> tuple[str, bytes]:
    """Return the damaged file of that number; the same for the same seed."""
    chance = random.Random(f"{seed}/{number}")
    name = chance.choice(list(seeds))
    return name, mutations.mutate(seeds[name], chance)


def read_case(name: str, data: bytes, folder: Path, pdk: str | None = None) -> str:
    """Read a damaged file and use what came of it, or check it; return what happened."""
    path = folder / "layout"
    path.write_bytes(data)
    try:
        if pdk is not None:
            run = engine.check(path, corpus.pdk_of(name) if pdk == FITTING else pdk, threads=1)
            broken = [one.reason for one in run.incomplete if one.internal]
            return f"internal error: {broken[0][:80]}" if broken else f"checked: {run.verdict}"
        layout = waveguard.layout.read(path)
    except LayoutFormatError as error:
        return "refused by the scan" if _is_helpful(error) else f"no help in: {error}"
    except LayoutFileError as error:
        return "refused" if _is_helpful(error) else f"no help in: {error}"
    handle = layout.handle
    for top in handle.tops:
        handle.bbox_nm(top)
        handle.n_placements(top)
    siepic_texts(layout.labels, {(68, 0), (10, 0)}, layout.cell_names)
    list(measurement_labels(layout.labels, {(10, 0)}))
    return "readable, with problems" if layout.problems else "readable"


def _is_helpful(error: LayoutFileError) -> bool:
    return bool(error.path and error.hint and error.message)


def run(seeds: Mapping[str, bytes], seed: int, numbers: range, processes: int = 2, pdk: str | None = None) -> Tally:
    """Read all cases of those numbers."""
    tally = Tally()
    waiting = [range(i, min(i + BATCH, numbers.stop)) for i in range(numbers.start, numbers.stop, BATCH)][::-1]
    children: list[_Child] = []
    with tempfile.TemporaryDirectory() as folder:
        while waiting or children:
            while waiting and len(children) < processes:
                children.append(_Child(seeds, seed, waiting.pop(), Path(folder), pdk))
            for child in list(children):
                left = child.look(tally)
                if left is not None:
                    children.remove(child)
                    if left:
                        waiting.append(left)
            time.sleep(0.005)
    return tally


class _Child:
    """A forked process that reads a batch of cases."""

    def __init__(self, seeds: Mapping[str, bytes], seed: int, numbers: range, folder: Path, pdk: str | None) -> None:
        self.numbers = numbers
        self.done = 0
        self.max_seconds = MAX_SECONDS if pdk is None else MAX_SECONDS_CHECK
        self.buffer = b""
        self.seeds, self.seed = seeds, seed
        self.pipe, write = os.pipe()
        os.set_blocking(self.pipe, False)
        self.last = time.monotonic()
        self.pid = os.fork()
        if self.pid == 0:
            os.close(self.pipe)
            own = Path(tempfile.mkdtemp(dir=folder))
            _work(seeds, seed, numbers, own, write, pdk)
        os.close(write)

    def look(self, tally: Tally) -> range | None:
        """Take in what the child says; None while it works, else the cases that it did not come to."""
        for line in self._lines():
            tally.outcomes[line] += 1
            if line not in GOOD:
                self._note(tally, line)
            tally.slowest_seconds = max(tally.slowest_seconds, time.monotonic() - self.last)
            self.last = time.monotonic()
            self.done += 1
        hung = time.monotonic() - self.last > self.max_seconds
        if hung:
            os.kill(self.pid, signal.SIGKILL)
        pid, status = os.waitpid(self.pid, 0 if hung else os.WNOHANG)
        if pid == 0:
            return None
        for line in self._lines():
            tally.outcomes[line] += 1
            if line not in GOOD:
                self._note(tally, line)
            self.done += 1
        os.close(self.pipe)
        left = self.numbers[self.done :]
        if not left:
            return left
        code = os.waitstatus_to_exitcode(status)
        what = "hang" if hung else f"crash: {signal.Signals(-code).name}" if code < 0 else f"exit {code}"
        tally.outcomes[what] += 1
        self._note(tally, what)
        return left[1:]

    def _lines(self) -> Iterator[str]:
        try:
            while part := os.read(self.pipe, 65536):
                self.buffer += part
        except BlockingIOError:
            pass
        *whole, self.buffer = self.buffer.split(b"\n")
        return (line.decode() for line in whole)

    def _note(self, tally: Tally, what: str) -> None:
        number = self.numbers[self.done]
        tally.bad.append((number, case(self.seeds, self.seed, number)[0], what))


def _work(seeds: Mapping[str, bytes], seed: int, numbers: range, folder: Path, write: int, pdk: str | None) -> None:
    resource.setrlimit(resource.RLIMIT_AS, (MAX_MEMORY_BYTES, MAX_MEMORY_BYTES))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    quiet = os.open(os.devnull, os.O_WRONLY)
    os.dup2(quiet, 2)
    for number in numbers:
        try:
            outcome = read_case(*case(seeds, seed, number), folder, pdk)
        except BaseException as error:  # noqa: BLE001  (anything at all is what we look for)
            where = traceback.extract_tb(error.__traceback__)[-1]
            outcome = (
                f"traceback: {type(error).__name__}: {str(error)[:80]} ({Path(where.filename).name}:{where.lineno})"
            )
        os.write(write, outcome.replace("\n", " ").encode() + b"\n")
    os._exit(0)


def unguarded() -> None:
    """Take the scan away, to see what it is good for."""
    everything: dict[str, object] = {"shapes_repeat": True, "cell_names": [], "widthless_paths": [], "problems": []}
    everything |= {"dbu_m": 0.0, "user_unit_m": 0.0}
    waveguard.layout._scan = lambda _: everything  # type: ignore[assignment]


def main() -> int:
    """Run the test from the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--n", type=int, default=10_000, help="number of damaged files")
    parser.add_argument("--first", type=int, default=0, help="number of the first one")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--processes", type=int, default=os.cpu_count() or 1)
    parser.add_argument("--layouts", type=Path, help="folder with real layouts (default: the one the tests use)")
    parser.add_argument(
        "--check",
        metavar="PDK",
        nargs="?",
        const=FITTING,
        help="run the whole check, not the reading alone, with that PDK (default: the one that fits the seed)",
    )
    parser.add_argument("--unguarded", action="store_true", help="without the scan, to see what it is good for")
    parser.add_argument("--save", type=Path, help="folder for the files that came out badly")
    options = parser.parse_args()
    if options.unguarded:
        unguarded()
    seeds = corpus.seeds(options.layouts or corpus.real_layouts())
    started = time.monotonic()
    tally = run(seeds, options.seed, range(options.first, options.first + options.n), options.processes, options.check)
    seconds = time.monotonic() - started
    for outcome, count in tally.outcomes.most_common():
        print(f"{count:7}  {outcome}")
    print(f"{sum(tally.outcomes.values()):7}  in all, from {len(seeds)} seeds, in {seconds:.0f} s")
    print(f"the slowest took {tally.slowest_seconds:.1f} s")
    for number, name, what in tally.bad[:50]:
        print(f"case {number} ({name}): {what}")
        if options.save:
            options.save.mkdir(parents=True, exist_ok=True)
            (options.save / f"{number}").write_bytes(case(seeds, options.seed, number)[1])
    return 1 if tally.bad else 0


if __name__ == "__main__":
    sys.exit(main())
