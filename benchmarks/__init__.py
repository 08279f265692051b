"""Benchmarks of mousegpt: ``python -m benchmarks list``.

A benchmark is a module of this folder with a ``NAME`` and ``measure(quick) -> dict``. Its result
has at least ``n, ours_s, peer, peer_s, ratio`` (how many times faster than the peer) and, where it
tells something, ``growth_s`` (seconds by size) and what was checked besides time.
"""
