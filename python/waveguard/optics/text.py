"""Loss and crosstalk as text for people: what is worst first, each with where it comes from."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from typing import IO

import numpy as np

from waveguard.assembly.names import shortened
from waveguard.optics.disturbance import STATES, CrosstalkReport
from waveguard.optics.path_loss import LossReport
from waveguard.optics.prepare import Columns
from waveguard.optics.sampling import QUANTILE_COLUMNS, SampledLoss
from waveguard.reports._words import columns, plural

MOST_SPELLED = 10**9
"""Numbers of paths from this on are told by their size."""
DASH = "–"
LONGEST_NAME = 44
MAX_LINES = 8
"""Lines of a list that is no table, unless all are asked for."""


def _paths(number: int) -> str:
    """Return a number of paths in words; where a mesh has more than anybody reads, its size."""
    return plural(number, "path") if number < MOST_SPELLED else f"about 10^{math.log10(number):.0f} paths"


def write_loss(report: LossReport, out: IO[str], *, show: int = 20) -> None:
    """Write the paths, the worst first, with their ledgers; `show` rows, 0 for all."""
    for line in _loss(report, show):
        out.write(f"{line}\n")


def write_crosstalk(report: CrosstalkReport, out: IO[str], *, show: int = 20) -> None:
    """Write the victims, the most disturbed first, with their aggressors, and the guides side by side."""
    for line in _crosstalk(report, show):
        out.write(f"{line}\n")


def _db(value: float, digits: int = 2) -> str:
    if math.isnan(value):
        return DASH
    if math.isinf(value):
        return "none" if value < 0 else "closed"
    text = f"{value:.{digits}f}"
    return text[1:] if text.startswith("-") and not text.strip("-0.") else text


def _count(value: float) -> str:
    return f"{value:.0f}" if value < 1e6 else f"{value:.3e}"


def _shorten(text: str) -> str:
    return shortened(text, LONGEST_NAME)


def _table(header: Sequence[str], rows: Sequence[Sequence[str]], left: int) -> list[str]:
    return columns(header, rows, [k >= left for k in range(len(header))])


def _noted(lines: Sequence[str], notes: Sequence[str]) -> Iterator[str]:
    """Give the lines of a table, each row with its note below it."""
    yield f"  {lines[0]}"
    for line, note in zip(lines[1:], notes, strict=True):
        yield f"  {line}"
        if note:
            yield f"      {note}"


def _loss(report: LossReport, show: int) -> Iterator[str]:
    waves = ", ".join(f"{one:g}" for one in report.wavelengths_um)
    light = f"at {waves} µm" if waves else "each part at the wavelength it is stated for"
    bias = f", edges moved by {report.edge_bias_nm:g} nm" if report.edge_bias_nm else ""
    yield f"Loss of paths in {report.layout}, PDK {report.pdk}, corner {report.corner}, {light}{bias}"
    table, n = report.paths, len(report)
    shown = min(n, show) if show else n
    if n:
        yield ""
        several_tops, several_waves = len(set(table["top"].tolist())) > 1, len(report.wavelengths_um) > 1
        header = ["from", "to", "loss (dB)", "± (dB)", "best (dB)", "paths", "length (µm)", "delay (ps)", "bends", "x"]
        header[:0] = ["top"] if several_tops else []
        header += ["µm"] if several_waves else []
        rows = []
        for k in range(shown):
            row = [_shorten(str(table["from"][k])), _shorten(str(table["to"][k]))]
            row[:0] = [str(table["top"][k])] if several_tops else []
            row += [_db(table["loss_db"][k]), _db(table["sigma_db"][k]), _db(table["best_loss_db"][k])]
            row += [_count(table["n_paths"][k]), f"{table['length_um'][k]:.3f}", f"{table['group_delay_ps'][k]:.3f}"]
            row += [str(table["n_bends"][k]), str(table["n_crossings"][k])]
            row += [f"{table['wavelength_um'][k]:g}"] if several_waves else []
            rows.append(row)
        lines = _table(header, rows, 3 if several_tops else 2)
        yield f"  {lines[0]}"
        for k, line in enumerate(lines[1:]):
            yield f"  {line}"
            yield f"      ledger (dB): {', '.join(f'{cause} {db:.2f}' for cause, db in report.ledger(k))}"
            known = report.uncertainties.get(k)
            if known is not None and known.dominant:
                said = ", ".join(f"{part.name} ± {part.sigma_db:.2f}" for part in known.dominant)
                yield f"      uncertainty (dB): {said}"
            if table["note"][k]:
                yield f"      note: {table['note'][k]}"
        if shown < n:
            yield f"  … and {plural(n - shown, 'row')} more (--show 0 for all)"
    if report.sampled is not None:
        yield from _sampled(report.sampled, show)
    yield from _near_misses(report, show)
    yield from _list("Loops (light can go round; paths pass them once)", report.loops, show)
    yield from _list("Devices without a loss model: no path leads through them", report.gaps, show)
    yield from _list("Taken as zero or carried on beyond its range", report.notes, show)
    yield from _list("Numbers without a source (assumed)", report.assumed, show)
    yield from _list("Incomplete", report.incomplete, 0)
    yield ""
    summary = f"{plural(n, 'row')}, {_paths(report.total_paths)} counting both ways"
    if n:
        losses = table["loss_db"]
        summary += f"; loss {losses.min():.2f} to {losses.max():.2f} dB"
    yield summary


def _sampled(sampled: SampledLoss, show: int) -> Iterator[str]:
    table, n = sampled.paths, len(sampled)
    yield ""
    how = "the path that is worst as stated" if sampled.hold_path else "the worst path of every chip"
    yield f"Samples of {sampled.n_samples:,} chips, seed {sampled.seed}; loss in dB of {how}"
    limited, searched = not np.isnan(table["limit_db"]).all(), bool((table["other_path"] > 0.0).any())
    several = len(set(map(repr, table["wavelength_um"].tolist()))) > 1
    header = ["from", "to", "stated", "mean", "±", "5 %", "50 %", "95 %", "99 %", "99.9 %"]
    header += ["limit", "yield"] if limited else []
    header += ["other path"] if searched else []
    header += ["µm"] if several else []
    shown = min(n, show) if show else n
    rows = []
    for k in range(shown):
        row = [_shorten(str(table["from"][k])), _shorten(str(table["to"][k]))]
        row += [_db(table[name][k]) for name in ("stated_db", "mean_db", "sigma_db", *QUANTILE_COLUMNS)]
        row += [_db(table["limit_db"][k]), _yield(table, k)] if limited else []
        row += [f"{100 * table['other_path'][k]:.0f} %"] if searched else []
        row += [f"{table['wavelength_um'][k]:g}"] if several else []
        rows.append(row)
    dominant = [str(table["dominant"][k]) for k in range(shown)]
    yield from _noted(_table(header, rows, 2), [one and f"spread by: {one}" for one in dominant])
    if shown < n:
        yield f"  … and {plural(n - shown, 'row')} more (--show 0 for all)"
    chips = sampled.chips
    for k in range(len(chips["n_pairs"])):
        wave = chips["wavelength_um"][k]
        at = "" if math.isnan(wave) else f" at {wave:g} µm"
        loss = f"largest loss of {plural(int(chips['n_pairs'][k]), 'pair')} {_db(chips['mean_db'][k])} ± "
        kept = f"; {_yield(chips, k)} keep every limit" if not math.isnan(chips["yield"][k]) else ""
        yield f"  whole chips{at}: {loss}{_db(chips['sigma_db'][k])}, 95 % below {_db(chips['p95_db'][k])}{kept}"
    yield from (f"  {note}" for note in sampled.notes)


def _yield(table: Columns, row: int) -> str:
    share, low, high = (100 * float(table[name][row]) for name in ("yield", "yield_low", "yield_high"))
    return DASH if math.isnan(share) else f"{share:.4g} % ({low:.4g} to {high:.4g})"


def _near_misses(report: LossReport, show: int) -> Iterator[str]:
    table = report.near_misses
    n = len(table["loss_db"])
    if not n:
        return
    yield ""
    yield "Ports that nearly meet: no path leads over them; loss as drawn, by overlap of the modes"
    rows = [
        (
            f"({table['x_um'][k]:.3f}, {table['y_um'][k]:.3f})",
            _shorten(str(table["device"][k])),
            _shorten(str(table["other"][k])),
            f"{table['gap_um'][k]:.3f}",
            f"{table['lateral_um'][k]:.3f}",
            f"{table['angle_deg'][k]:.1f}",
            _db(table["loss_db"][k]),
        )
        for k in range(min(n, show) if show else n)
    ]
    header = ("place (µm)", "port of", "near", "gap (µm)", "aside (µm)", "turned (°)", "loss (dB)")
    yield from (f"  {line}" for line in _table(header, rows, 3))
    if len(rows) < n:
        yield f"  … and {n - len(rows)} more"


def _list(title: str, lines: Sequence[str], show: int) -> Iterator[str]:
    if not lines:
        return
    yield ""
    yield title
    shown = lines[: min(show, MAX_LINES)] if show else lines
    yield from (f"  {line}" for line in shown)
    if len(shown) < len(lines):
        yield f"  … and {len(lines) - len(shown)} more"


def _crosstalk(report: CrosstalkReport, show: int) -> Iterator[str]:
    light = "each guide at the wavelength of its cross-section"
    light = light if math.isnan(report.wavelength_um) else f"at {report.wavelength_um:g} µm"
    bias = f", edges moved by {report.edge_bias_nm:g} nm" if report.edge_bias_nm else ""
    yield f"Crosstalk in {report.layout}, PDK {report.pdk}, corner {report.corner}, {light}{bias}"
    yield from _victims(report, show)
    yield from _pairs(report, show)
    yield from _rings(report, show)
    yield from _metal(report, show)
    yield from _list("Not counted", report.notes, show)
    yield from _list("Numbers without a source (assumed)", report.assumed, show)
    yield from _list("Incomplete", report.incomplete, 0)
    yield ""
    n, pairs = len(report), len(report.pairs["guide"])
    yield f"{plural(n, 'victim')}, {plural(pairs, 'pair')} of guides side by side"


def _victims(report: CrosstalkReport, show: int) -> Iterator[str]:
    table, more, n = report.victims, report.aggressors, len(report)
    if not n:
        yield ""
        yield "No signal gets from a place where light enters to one where it leaves: guides side by side only."
        return
    yield ""
    yield "Victims, the most disturbed first; dB relative to the signal, all sources alike strong"
    shown = min(n, show) if show else n
    header = (
        "victim",
        "signal from",
        "signal loss",
        "same λ",
        "worst phases",
        "99.9 %",
        "echoes",
        "other λ",
        "OOK cost",
        "PAM4 cost",
        "aggressors",
        "returned",
    )
    rows = [
        (
            _shorten(str(table["victim"][k])),
            _shorten(str(table["signal_from"][k])),
            _db(table["signal_loss_db"][k]),
            _db(table["same_wavelength_db"][k], 1),
            _db(table["coherent_worst_db"][k], 1),
            _db(table["coherent_statistical_db"][k], 1),
            _db(table["double_reflection_db"][k], 1),
            _db(table["other_wavelength_db"][k], 1),
            _db(table["penalty_ook_db"][k]),
            _db(table["penalty_pam4_db"][k]),
            str(table["n_aggressors"][k]),
            _db(table["return_db"][k], 1),
        )
        for k in range(shown)
    ]
    lines = _table(header, rows, 2)
    yield f"  {lines[0]}"
    by_victim: dict[str, list[int]] = {}
    for row, name in enumerate(more["victim"].tolist()):
        by_victim.setdefault(name, []).append(row)
    for k, line in enumerate(lines[1:]):
        yield f"  {line}"
        for row in by_victim.get(str(table["victim"][k]), [])[:3]:
            who = "its own light" if more["own_light"][row] else str(more["aggressor"][row])
            light = "" if more["same_wavelength"][row] else ", other λ"
            yield (
                f"      {_db(more['level_db'][row], 1)} dB ({100 * more['share'][row]:.0f} %) {who}{light}: "
                f"{more['by'][row]} in {more['place'][row]}, {_db(more['leak_db'][row], 1)} dB there"
            )
        if table["unknown"][k]:
            yield f"      may be more: {table['unknown'][k]}"
    if shown < n:
        yield f"  … and {plural(n - shown, 'victim')} more (--show 0 for all)"


def _pairs(report: CrosstalkReport, show: int) -> Iterator[str]:
    table = report.pairs
    n = len(table["guide"])
    if not n:
        return
    yield ""
    yield "Guides side by side, the strongest first; the most power that can cross over, whatever the phase"
    rows, notes = [], []
    for k in range(min(n, show) if show else n):
        unknown = table["state"][k] == STATES[2]
        rows.append(
            (
                _shorten(str(table["guide"][k])),
                _shorten(str(table["neighbour"][k])),
                f"({table['x_um'][k]:.3f}, {table['y_um'][k]:.3f})",
                f"{table['gap_um'][k]:.3f}",
                f"{table['length_um'][k]:.2f}",
                "no number" if unknown else _db(table["coupled_db"][k], 1),
                _db(table["sigma_db"][k], 1),
            )
        )
        notes.append(str(table["note"][k]))
    header = ("guide", "neighbour", "nearest (µm)", "gap (µm)", "length (µm)", "couples (dB)", "± (dB)")
    yield from _noted(_table(header, rows, 3), notes)
    if len(rows) < n:
        yield f"  … and {plural(n - len(rows), 'pair')} more (--show 0 for all)"


def _rings(report: CrosstalkReport, show: int) -> Iterator[str]:
    table, n = report.rings, len(report.rings["ring"])
    if not n:
        return
    yield ""
    yield "Rings beside guides; against channels each is taken to be tuned to its own"
    planned = not np.isnan(table["channel_leak_db"].astype(float)).all()
    header = [
        "ring",
        "length (µm)",
        "FSR (nm)",
        "FSR (GHz)",
        "resonance (nm)",
        "K1 (%)",
        "K2 (%)",
        "FWHM (pm)",
        "Q",
        "drop (dB)",
    ]
    header += ["channels fit", "collisions", "others (dB)"] if planned else []
    rows, notes = [], []
    for k in range(min(n, show) if show else n):
        known = not math.isnan(table["q"][k])
        row = [_shorten(str(table["ring"][k])), f"{table['length_um'][k]:.3f}"]
        row += [f"{table['fsr_nm'][k]:.3f}", f"{table['fsr_ghz'][k]:.1f}", _resonance(report, k)]
        row += [f"{100 * table[name][k]:.2f}" if known else DASH for name in ("k1", "k2")]
        row += [f"{table[name][k]:.0f}" if known else DASH for name in ("fwhm_pm", "q")]
        row.append("one bus" if math.isinf(table["drop_loss_db"][k]) else _db(table["drop_loss_db"][k]))
        if planned:
            row += [str(table["n_channels_in_fsr"][k]), str(table["n_collisions"][k])]
            row.append(_db(table["channel_leak_db"][k], 1))
        rows.append(row)
        notes.append(str(table["note"][k]))
    yield from _noted(_table(header, rows, 1), notes)
    if len(rows) < n:
        yield f"  … and {plural(n - len(rows), 'ring')} more (--show 0 for all)"


def _resonance(report: CrosstalkReport, row: int) -> str:
    at_um, sigma_nm = report.rings["resonance_um"][row], report.rings["resonance_sigma_nm"][row]
    return DASH if math.isnan(at_um) else f"{1e3 * at_um:.2f} ± {sigma_nm:.2f}"


def _metal(report: CrosstalkReport, show: int) -> Iterator[str]:
    table, n = report.heaters, len(report.heaters["guide"])
    if n:
        yield ""
        yield "Heaters that warm guides of others; phase error while they turn their own guide by pi"
        rows = [
            (
                f"({table['x_um'][k]:.3f}, {table['y_um'][k]:.3f})",
                _shorten(str(table["guide"][k])),
                f"{table['distance_um'][k]:.1f}",
                f"{table['along_um'][k]:.1f}",
                f"{table['phase_rad_per_mw'][k]:.4f}",
                f"{table['phase_error_rad'][k]:.3f}",
                _db(table["share_db"][k], 1),
            )
            for k in range(min(n, show) if show else n)
        ]
        header = ("heater (µm)", "guide", "apart (µm)", "along (µm)", "rad/mW", "error (rad)", "share (dB)")
        yield from (f"  {line}" for line in _table(header, rows, 2))
        if len(rows) < n:
            yield f"  … and {n - len(rows)} more"
    table, n = report.lines, len(report.lines["spacing_um"])
    if n:
        yield ""
        yield "Metal lines beside each other; near-end crosstalk without a ground between, edges of 20 ps"
        beside = [
            (
                f"({table['x_um'][k]:.3f}, {table['y_um'][k]:.3f})",
                f"({table['other_x_um'][k]:.3f}, {table['other_y_um'][k]:.3f})",
                f"{table['spacing_um'][k]:.1f}",
                f"{table['along_um'][k]:.1f}",
                _db(table["near_end_db"][k], 1),
            )
            for k in range(min(n, show) if show else n)
        ]
        titles = ("line (µm)", "beside (µm)", "spacing (µm)", "along (µm)", "near end (dB)")
        yield from (f"  {line}" for line in _table(titles, beside, 2))
        if len(beside) < n:
            yield f"  … and {n - len(beside)} more"
