"""How the mouse acts: from a script of behaviours to its stance at every frame."""

from mousegpt.synthetic.motion.performance import Performance, act

__all__ = ["Performance", "act"]
