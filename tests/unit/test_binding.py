"""The border to the core: columns down, tables up, errors, threads, Ctrl-C, panics."""

from __future__ import annotations

import signal
import subprocess
import sys
import threading
import time
from typing import Any

import numpy as np
import pytest

from waveguard import _core
from waveguard.errors import InternalError, LayoutFormatError, PlanError, UsageError

EMPTY_COLUMNS = """
polygon_xy polygon_cell polygon_layer polygon_rep path_xy path_cell path_layer path_width path_outline path_rep
label_cell label_layer label_xy label_text label_rep ref_cell ref_target ref_name ref_xy ref_rotation_rad
ref_magnification ref_mirror ref_rep
"""
EMPTY: dict[str, Any] = {
    "dbu_nm": 1.0,
    "layers": [(1, 0)],
    "cell_names": ["top"],
    "repetitions": [("single",)],
    "polygon_offsets": [0],
    "path_offsets": [0],
    **dict.fromkeys(EMPTY_COLUMNS.split(), ()),
}
CAUSES = ("propagation", "bend", "transition", "crossing", "splitting", "device", "coupler", "defect")


def columns(**changed: Any) -> dict[str, Any]:
    return {name: list(value) if isinstance(value, tuple) else value for name, value in (EMPTY | changed).items()}


def squares(number: int, side: float = 10.0) -> dict[str, Any]:
    corners = np.array([(0.0, 0.0), (side, 0.0), (side, side), (0.0, side)])
    origins = 20.0 * np.arange(number)[:, None, None] * np.array([1.0, 0.0])
    zeros = np.zeros(number, dtype=np.int64)
    return columns(
        polygon_xy=origins + corners,
        polygon_offsets=4 * np.arange(number + 1),
        polygon_cell=zeros,
        polygon_layer=zeros,
        polygon_rep=zeros,
    )


# Columns down.


def test_a_layout_is_built_from_columns() -> None:
    layout = _core.build_layout(squares(3))
    assert (layout.n_polygons, layout.n_points, layout.cell_names, layout.tops) == (3, 12, ["top"], [0])
    assert layout.layers == [(1, 0)]
    assert layout.bbox_nm(0) == (0.0, 0.0, 50.0, 10.0)
    assert layout.n_placements(0) == 1


def test_the_box_is_in_nanometres_and_none_when_nothing_is_drawn() -> None:
    assert _core.build_layout(squares(1) | {"dbu_nm": 0.5}).bbox_nm(0) == (0.0, 0.0, 5.0, 5.0)
    assert _core.build_layout(columns()).bbox_nm(0) is None


@pytest.mark.parametrize(
    "form", ["strided", "transposed", "float32", "list", "read-only", "big-endian", "int32", "int64"]
)
def test_any_memory_layout_of_an_array_is_accepted(form: str) -> None:
    drawn = squares(2)
    xy = drawn["polygon_xy"].reshape(-1, 2)
    if form == "strided":
        wide = np.zeros((len(xy), 5))
        wide[:, 1:4:2] = xy
        xy = wide[:, 1:4:2]
    elif form == "transposed":
        xy = np.ascontiguousarray(xy.T).T
    elif form == "float32":
        xy = xy.astype(np.float32)
    elif form in ("int32", "int64"):
        xy = xy.astype(form).reshape(-1)
    elif form == "list":
        xy = xy.tolist()
    elif form == "read-only":
        xy.flags.writeable = False
    else:
        xy = xy.astype(">f8")
    assert _core.build_layout(drawn | {"polygon_xy": xy}).bbox_nm(0) == (0.0, 0.0, 30.0, 10.0)


def test_repetitions_come_as_tuples() -> None:
    drawn = squares(2) | {
        "repetitions": [
            ("single",),
            ("grid", 3, 2, 100.0, 0.0, 0.0, 50.0),
            ("listed", np.array([(0.0, 0.0), (-7.0, 0.0)])),
        ],
        "polygon_rep": [1, 2],
    }
    assert _core.build_layout(drawn).bbox_nm(0) == (0.0, 0.0, 210.0, 60.0)


def test_problems_come_as_a_table() -> None:
    problems = _core.build_layout(squares(2, side=0.0)).problems()
    assert problems["code"] == ["degenerate-shape"]
    assert problems["count"].tolist() == [2]
    assert (problems["x_dbu"].tolist(), problems["cell"]) == ([0.0], ["top"])


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"polygon_xyz": []}, "polygon_xyz is not known"),
        ({"polygon_cell": [0.5]}, "polygon_cell holds float64 instead of int64"),
        ({"polygon_cell": [7]}, "polygon_cell does not fit"),
        ({"polygon_xy": ["a"]}, "polygon_xy holds"),
        ({"layers": [(1, 2, 3)]}, "layers does not hold pairs"),
        ({"layers": [(1, -2)]}, "layers holds -2"),
        ({"cell_names": [3]}, "cell_names holds something else than text"),
        ({"repetitions": [("ring",)]}, "unknown kind ring"),
        ({"repetitions": [("grid", 1)]}, r"holds \('grid', 1\)"),
        ({"repetitions": [("single",), ("listed", [1.0])]}, "half a displacement"),
        ({"dbu_nm": "one"}, "dbu_nm is not a number"),
    ],
)
def test_columns_that_do_not_fit_are_named(changed: dict[str, Any], message: str) -> None:
    with pytest.raises(InternalError, match=message):
        _core.build_layout(columns() | changed)


def test_a_missing_column_is_named() -> None:
    drawn = columns()
    del drawn["ref_rep"]
    with pytest.raises(InternalError, match="ref_rep is missing"):
        _core.build_layout(drawn)


def test_text_with_half_a_character_does_not_end_the_run() -> None:
    assert _core.build_layout(columns(cell_names=["a\udcff"])).cell_names == ["a\ufffd\ufffd\ufffd"]


def test_a_cell_that_is_not_there_is_an_index_error() -> None:
    with pytest.raises(IndexError, match="cell 1 of a layout of 1 cells"):
        _core.build_layout(columns()).bbox_nm(1)


# Errors.


def test_bytes_that_are_no_layout_are_refused_with_their_offset() -> None:
    with pytest.raises(LayoutFormatError) as caught:
        _core.scan_layout(b"\x00\x06\x00\x02\x02\x58\x00\x03")
    assert caught.value.offset >= 0
    assert f"byte {caught.value.offset}" in str(caught.value)


@pytest.mark.parametrize("recipe", ["", "{", "[]", '{"schema": 1, "colour": 3}'])
def test_a_recipe_that_is_wrong_is_a_plan_error(recipe: str) -> None:
    with pytest.raises(PlanError, match="recipe"):
        _core.extract(_core.build_layout(columns()), recipe)


def one_arc(**changed: Any) -> dict[str, Any]:
    """Return a device of two ports, light going from terminal 0 to terminal 1."""
    return {
        "n_devices": 1,
        "port_device": [0, 0],
        "port_net_peer": [-1, -1],
        "arc_from": [0],
        "arc_to": [1],
        **{f"arc_{cause}_db": [0.5] for cause in CAUSES},
        "arc_length_nm": [1000.0],
        "arc_group_length_nm": [4000.0],
        "arc_n_guides": [1],
        "arc_n_bends": [0],
        "arc_n_crossings": [0],
        "terminal_port": [0, 1],
        "terminal_in": [1, 0],
        "terminal_out": [0, 1],
        "terminal_loss_db": [0.0, 0.0],
    } | changed


def test_a_circuit_is_solved_into_read_only_tables() -> None:
    circuit = _core.build_circuit(one_arc())
    assert (circuit.n_devices, circuit.n_ports, circuit.n_arcs) == (1, 2, 1)
    solution = _core.solve_paths(circuit)
    paths = solution.table("paths")
    assert paths["best_loss_db"].tolist() == [4.0]
    assert solution.trace(0, 1) == [0]
    with pytest.raises(ValueError, match="read-only"):
        paths["best_loss_db"][0] = 0.0
    paths.clear()
    assert solution.table("paths"), "the caller may change his own dict"
    with pytest.raises(KeyError, match="no table path; there are"):
        solution.table("path")
    assert set(solution.names()) <= set(_core.schemas())


def test_a_wrong_circuit_is_a_bug_and_a_wrong_question_is_not() -> None:
    with pytest.raises(InternalError, match="arc_from"):
        _core.build_circuit(one_arc(arc_from=[5]))
    with pytest.raises(InternalError, match="n_devices is not a count"):
        _core.build_circuit(one_arc(n_devices=-1))
    circuit = _core.build_circuit(one_arc())
    with pytest.raises(PlanError, match="solve options"):
        _core.solve_paths(circuit, '{"max_paths": 3}')
    with pytest.raises(UsageError, match="terminal"):
        _core.solve_paths(circuit).trace(0, 9)


def test_a_panic_becomes_an_internal_error_and_the_core_works_on(capfd: pytest.CaptureFixture[str]) -> None:
    for _ in range(3):
        with pytest.raises(InternalError, match=r"the core failed: probe \(.*probe\.rs:\d+:\d+\)") as caught:
            _core.probe("panic")
    assert "please report" in str(caught.value)
    assert capfd.readouterr() == ("", "")
    assert _core.build_layout(squares(1)).n_polygons == 1


def test_threads_without_end_are_refused() -> None:
    with pytest.raises(UsageError, match="threads"):
        _core.build_layout(columns(), None, 10**9)


# Threads, progress, Ctrl-C.


@pytest.mark.parametrize("threads", [1, 0])
def test_work_of_several_threads_overlaps(threads: int) -> None:
    spans: list[tuple[float, float]] = []

    def work() -> None:
        start = time.perf_counter()
        _core.probe("wait", 0.4, threads)
        spans.append((start, time.perf_counter()))

    workers = [threading.Thread(target=work) for _ in range(4)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    assert max(start for start, _ in spans) < min(end for _, end in spans)


def test_python_runs_while_the_core_builds() -> None:
    drawn = squares(200_000)
    built: list[_core.Layout] = []
    worker = threading.Thread(target=lambda: built.extend(_core.build_layout(drawn, None, 1) for _ in range(5)))
    worker.start()
    steps = 0
    while worker.is_alive():
        steps += 1
        time.sleep(0)
    assert len(built) == 5
    assert steps > 5
    assert all(layout.n_points == 800_000 for layout in built)


def test_results_do_not_depend_on_threads() -> None:
    drawn = squares(5000)
    one, many = _core.build_layout(drawn, None, 1), _core.build_layout(drawn, None, 3)
    assert (one.bbox_nm(0), one.n_points) == (many.bbox_nm(0), many.n_points)


def test_progress_is_told_in_steps() -> None:
    told: list[tuple[str, int, int]] = []
    _core.probe("wait", 0.5, 1, lambda *state: told.append(state))
    assert told
    assert all(stage == "build" and 0 <= done <= total == 500 for stage, done, total in told)
    assert [done for _, done, _ in told] == sorted(done for _, done, _ in told)


def test_an_exception_of_the_progress_function_ends_the_work() -> None:
    def refuse(*_: object) -> None:
        raise LookupError("enough")

    start = time.perf_counter()
    with pytest.raises(LookupError, match="enough"):
        _core.probe("wait", 30.0, 1, refuse)
    assert time.perf_counter() - start < 10.0


INTERRUPTED = """
import sys, threading, time
from waveguard import _core
print("ready", flush=True)
start = time.perf_counter()
try:
    _core.probe("wait", 60.0)
except KeyboardInterrupt:
    print("interrupted", time.perf_counter() - start < 30.0, flush=True)
"""


def test_ctrl_c_interrupts_the_core() -> None:
    command = [sys.executable, "-c", INTERRUPTED]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
        time.sleep(0.3)
        process.send_signal(signal.SIGINT)
        assert process.communicate(timeout=30)[0] == "interrupted True\n"


FORKED = """
import os
from waveguard import _core
_core.probe("wait", 0.01, 2)
child = os.fork()
if child == 0:
    _core.probe("wait", 0.01, 2)
    os._exit(7)
print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))
"""


def test_a_forked_child_starts_threads_of_its_own() -> None:
    command = [sys.executable, "-W", "ignore", "-c", FORKED]
    assert subprocess.run(command, capture_output=True, text=True, check=True, timeout=60).stdout == "7\n"
