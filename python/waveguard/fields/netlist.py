"""A netlist as SAX and gdsfactory write it, with models, to S-parameters.

`instances` name a model or `{component, settings}`; joints stand in `connections` (`"a,o1": "b,o2"`), in `nets` (a list
of `{p1, p2}`) or in the links of `routes`; `ports` name ports of instances. Names of ports are those of the models.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from difflib import get_close_matches
from typing import Any

import numpy as np
import numpy.typing as npt

from waveguard.errors import IncompleteError, InputError
from waveguard.fields import core
from waveguard.fields.circuit import FieldCircuit
from waveguard.fields.sparameters import SParameters, checked_grid
from waveguard.models.fields import MODELS, Scattering

Floats = npt.NDArray[np.float64]
Complexes = npt.NDArray[np.complex128]

MAX_DEPTH = 64
"""Netlists in netlists; more is a netlist that holds itself."""


def from_netlist(
    netlist: Mapping[str, Any],
    *,
    wl_um: npt.ArrayLike,
    models: Mapping[str, Any] | None = None,
    gaps: str = "refuse",
    threads: int = 0,
) -> SParameters:
    """Solve a netlist.

    Parameters
    ----------
    netlist
        One netlist, or several by name of which the first is the circuit and the others may be its components.
    wl_um
        Wavelengths, increasing.
    models
        Models by component: functions of `wl_um` (ours) or `wl` (SAX) and settings, `Scattering`, `SParameters`, a SAX
        dictionary `{(in, out): amplitude}`, or a matrix with its ports. The models of `waveguard.models.fields` are
        known by their names without being given.
    gaps
        What to do with components without a model: `refuse`, `unknown` (what depends on them is NaN) or `absorb`.
    threads
        Threads of the core; 0 for one on each processor.

    Raises
    ------
    InputError
        The netlist is not one, or names instances, ports or settings that do not exist.
    IncompleteError
        A component has no model and `gaps` says refuse.
    """
    wl = checked_grid(wl_um)
    top, others = _top(netlist)
    known = {**MODELS, **(models or {})}
    return _Solver(wl, known, others, gaps, threads).run(top, 0)


def _top(netlist: Mapping[str, Any]) -> tuple[Mapping[str, Any], Mapping[str, Mapping[str, Any]]]:
    if "instances" in netlist:
        return netlist, {}
    parts = {name: part for name, part in netlist.items() if isinstance(part, Mapping) and "instances" in part}
    if not parts:
        raise InputError("this is no netlist: it has no instances", hint="give a mapping with instances, nets, ports")
    return next(iter(parts.values())), parts


class _Solver:
    def __init__(
        self, wl: Floats, models: Mapping[str, Any], netlists: Mapping[str, Mapping[str, Any]], gaps: str, threads: int
    ) -> None:
        self.wl, self.models, self.netlists, self.gaps, self.threads = wl, models, netlists, gaps, threads
        self.inner: dict[str, SParameters] = {}

    def run(self, netlist: Mapping[str, Any], depth: int) -> SParameters:
        if depth > MAX_DEPTH:
            raise InputError(f"netlists are nested more than {MAX_DEPTH} deep: one of them holds itself")
        circuit, shared, missing = FieldCircuit(), {}, {}
        port_names: dict[str, tuple[str, ...]] = {}
        for name, instance in _mapping(netlist, "instances").items():
            component, settings = _instance(name, instance)
            model = self._model(component, depth)
            if model is None:
                missing[name] = component
                continue
            key = (component, repr(sorted(settings.items(), key=lambda item: item[0])))
            if key not in shared:
                shared[key] = self._blocks(circuit, model, settings, f"instance {name}, component {component}")
            block, port_names[name] = shared[key]
            circuit.place(block, [(name, port) for port in port_names[name]])
        joints = list(_joints(netlist))
        ports = {str(key): _reference(value, "ports") for key, value in _mapping(netlist, "ports").items()}
        if missing and self.gaps == "refuse":
            listed = ", ".join(f"{component} (instance {name})" for name, component in list(missing.items())[:5])
            near = get_close_matches(next(iter(missing.values())), list(self.models), n=1, cutoff=0.5)
            hint = f"did you mean {near[0]}?" if near else "pass it in `models`, or say what to do with `gaps`"
            raise IncompleteError(f"no model for {len(missing)} instances: {listed}", hint=hint)
        for name in missing:
            named = [ref for joint in joints for ref in joint] + list(ports.values())
            circuit.place_gap(list(dict.fromkeys(ref for ref in named if ref[0] == name)))
        self._join(circuit, joints, ports, port_names)
        found = circuit.solve(
            dict(ports), self.wl, gaps="absorb" if self.gaps == "refuse" else self.gaps, threads=self.threads
        )
        if not missing:
            return found
        return replace(found, gaps=tuple(f"{component} (instance {name})" for name, component in missing.items()))

    def _blocks(
        self,
        circuit: FieldCircuit,
        model: Any,  # noqa: ANN401
        settings: dict[str, Any],
        where: str,
    ) -> tuple[int, tuple[str, ...]]:
        """Add a model; functions are called for a portion of the wavelengths at a time."""
        if not callable(model):
            found = evaluated(model, self.wl, settings, where)
            return circuit.add_blocks(core.constant(found.s)), found.ports
        ports = evaluated(model, self.wl[:1], settings, where).ports

        def evaluate(rows: core.Rows) -> Complexes:
            return evaluated(model, self.wl[rows], settings, where).s[None]

        return circuit.add_blocks(core.Blocks(1, len(ports), evaluate)), ports

    def _model(self, component: str, depth: int) -> Any:  # noqa: ANN401 (a model may be given in many forms)
        if component in self.models:
            return self.models[component]
        if component in self.netlists:
            if component not in self.inner:
                self.inner[component] = self.run(self.netlists[component], depth + 1)
            return self.inner[component]
        return None

    @staticmethod
    def _join(
        circuit: FieldCircuit,
        joints: list[tuple[tuple[str, str], tuple[str, str]]],
        ports: dict[str, tuple[str, str]],
        port_names: dict[str, tuple[str, ...]],
    ) -> None:
        used: dict[tuple[str, str], str] = {}
        for what, refs in [
            *(("a connection", pair) for pair in joints),
            *((f"port {k}", (v,)) for k, v in ports.items()),
        ]:
            for ref in refs:
                if ref not in circuit.port_at:
                    _no_such(ref, port_names)
                if ref in used:
                    raise InputError(
                        f"port {ref[1]} of instance {ref[0]} is used twice: by {used[ref]} and by {what}",
                        hint="a port is joined to one other port; light is shared by splitters",
                    )
                used[ref] = what
        for a, b in joints:
            circuit.join(a, b)


def _no_such(ref: tuple[str, str], port_names: dict[str, tuple[str, ...]]) -> None:
    name, port = ref
    if name not in port_names:
        near = get_close_matches(name, list(port_names), n=1)
        raise InputError(f"no instance is named '{name}'", hint=f"did you mean {near[0]}?" if near else None)
    raise InputError(f"instance {name} has no port '{port}'", hint=f"its ports: {', '.join(port_names[name])}")


def _mapping(netlist: Mapping[str, Any], key: str) -> Mapping[str, Any]:
    value = netlist.get(key) or {}
    if not isinstance(value, Mapping):
        raise InputError(f"`{key}` of the netlist is no mapping")
    return value


def _instance(name: str, instance: object) -> tuple[str, dict[str, Any]]:
    if isinstance(instance, str):
        return instance, {}
    if isinstance(instance, Mapping) and isinstance(instance.get("component"), str):
        settings = instance.get("settings") or {}
        if isinstance(settings, Mapping):
            return str(instance["component"]), dict(settings)
    raise InputError(f"instance {name} is neither a component nor {{component, settings}}")


def _joints(netlist: Mapping[str, Any]) -> Iterator[tuple[tuple[str, str], tuple[str, str]]]:
    for a, b in _mapping(netlist, "connections").items():
        yield _reference(a, "connections"), _reference(b, "connections")
    for number, net in enumerate(netlist.get("nets") or []):
        if not (isinstance(net, Mapping) and "p1" in net and "p2" in net):
            raise InputError(f"net {number} is not {{p1, p2}}")
        yield _reference(net["p1"], "nets"), _reference(net["p2"], "nets")
    for route in _mapping(netlist, "routes").values():
        for a, b in _mapping(route if isinstance(route, Mapping) else {}, "links").items():
            yield _reference(a, "routes"), _reference(b, "routes")


def _reference(text: object, where: str) -> tuple[str, str]:
    parts = str(text).rsplit(",", 1)
    if len(parts) != 2 or not parts[0].strip() or not parts[1].strip():
        raise InputError(f"`{text}` in {where} is not `instance,port`")
    return parts[0].strip(), parts[1].strip()


def evaluated(model: Any, wl: Floats, settings: Mapping[str, Any], where: str) -> Scattering:  # noqa: ANN401
    """Return what a model says at the wavelengths; InputError that names the place when it does not."""
    if callable(model):
        model = _called(model, wl, settings, where)
    elif settings:
        raise InputError(f"{where}: fixed S-parameters take no settings", hint=f"given: {', '.join(settings)}")
    if isinstance(model, SParameters):
        at = model.at(wl)
        found = Scattering(at.ports, at.s)
    elif isinstance(model, Mapping):
        found = _of_sax(model, len(wl))
    elif isinstance(model, tuple) and len(model) == 2:
        found = Scattering(tuple(model[0]), np.asarray(model[1], dtype=np.complex128))
    else:
        raise InputError(f"{where}: a model of type {type(model).__name__} is not understood")
    n = len(found.ports)
    if found.s.ndim != 3 or found.s.shape[1:] != (n, n) or found.s.shape[0] not in {1, len(wl)}:
        raise InputError(f"{where}: amplitudes of shape {found.s.shape} do not fit {n} ports, {len(wl)} wavelengths")
    if not np.isfinite(found.s).all():
        raise InputError(f"{where}: the model returned amplitudes that are no numbers")
    return found


def _called(model: Callable[..., Any], wl: Floats, settings: Mapping[str, Any], where: str) -> Any:  # noqa: ANN401
    names = inspect.signature(model).parameters
    takes_any = any(p.kind is inspect.Parameter.VAR_KEYWORD for p in names.values())
    unknown = [key for key in settings if key not in names and not takes_any]
    if unknown:
        near = get_close_matches(unknown[0], list(names), n=1)
        hint = f"did you mean {near[0]}?" if near else f"settings: {', '.join(k for k in names if k[:2] != 'wl')}"
        raise InputError(f"{where}: no setting is named '{unknown[0]}'", hint=hint)
    where_wl = {"wl_um": wl} if "wl_um" in names else {"wl": wl} if "wl" in names else {}
    try:
        return model(**where_wl, **settings)
    except TypeError as error:
        raise InputError(f"{where}: {error}") from error


def _of_sax(model: Mapping[Any, Any], n_wl: int) -> Scattering:
    ports = tuple(dict.fromkeys(str(port) for key in model for port in key))
    at = {port: k for k, port in enumerate(ports)}
    s = np.zeros((n_wl, len(ports), len(ports)), dtype=np.complex128)
    for (start, end), value in model.items():
        s[:, at[str(end)], at[str(start)]] = np.asarray(value)
    return Scattering(ports, s)
