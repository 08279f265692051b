"""Adapters: the only home of heavy or remote libraries; none imports another."""
