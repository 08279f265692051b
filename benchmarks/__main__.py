"""``python -m benchmarks list | all | NAME … [--quick] [--json FILE]``."""

from __future__ import annotations

import argparse
import importlib
import json
import pkgutil
import sys
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path

import benchmarks
from benchmarks.machine import describe_machine, list_versions, run_benchmark


def find_benchmarks() -> dict[str, str]:
    """Return the module of each benchmark by name: those of this folder that have a ``NAME``."""
    names = sorted(found.name for found in pkgutil.iter_modules(benchmarks.__path__))
    modules = [importlib.import_module(f"benchmarks.{name}") for name in names if name[0] != "_"]
    return {module.NAME: module.__name__ for module in modules if hasattr(module, "NAME")}


def run_apart(name: str, module: str, quick: bool) -> dict[str, object]:
    """Measure in a fresh process."""
    machine = describe_machine()
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as pool:
        result = pool.submit(run_benchmark, module, quick).result()
    return {
        "name": name,
        "quick": quick,
        **result,
        "machine": machine,
        "versions": list_versions(),
    }


def format_result(result: dict[str, object]) -> str:
    """Lay a result out as lines of name and value; tables inside it are indented."""
    lines = [f"{result['name']}{' (quick)' if result['quick'] else ''}"]
    for key, value in result.items():
        if key in ("name", "quick", "machine", "versions"):
            continue
        if isinstance(value, dict):
            lines.append(f"  {key}")
            lines += [f"    {inner!s:<24} {_format(v)}" for inner, v in value.items()]
        else:
            lines.append(f"  {key:<26} {_format(value)}")
    return "\n".join(lines)


def _format(value: object) -> str:
    return f"{value:,.4g}" if isinstance(value, float) else str(value)


def main(arguments: list[str] | None = None) -> int:
    """Run what the command line asks for; exit status 2 for a name that does not exist."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("names", nargs="+", metavar="NAME", help="'list', 'all' or benchmarks")
    parser.add_argument("--quick", action="store_true", help="small sizes, for a first look")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the result here")
    asked = parser.parse_args(arguments)
    known = find_benchmarks()
    if asked.names == ["list"]:
        for name, module in known.items():
            summary = (sys.modules[module].__doc__ or "").strip().splitlines()[0]
            print(f"{name:<14} {summary}")
        return 0
    names = list(known) if asked.names == ["all"] else asked.names
    unknown = [name for name in names if name not in known]
    if unknown:
        parser.error(f"no benchmark is called {', '.join(unknown)}; there are {', '.join(known)}")
    results = []
    for name in names:
        results.append(run_apart(name, known[name], asked.quick))
        print(format_result(results[-1]), flush=True)
    if asked.json:
        asked.json.parent.mkdir(parents=True, exist_ok=True)
        content = results[0] if len(results) == 1 else results
        asked.json.write_text(json.dumps(content, indent=2, default=_to_plain) + "\n")
    return 0


def _to_plain(value: object) -> object:
    """Turn numpy numbers and arrays into what JSON knows."""
    to_list = getattr(value, "tolist", None)
    return to_list() if to_list else str(value)


if __name__ == "__main__":
    sys.exit(main())
