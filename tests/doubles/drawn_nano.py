"""A file like MouseGPT-nano's, of graphs drawn by hand that tell dark pictures from bright ones."""

import json
import zipfile

import numpy as np
from onnx import TensorProto, helper, numpy_helper

from mousegpt.core.description import ELEMENTS


def save_drawn_nano(path):
    """Write it.

    It says one fact and one sentence for each element, another one of dark pictures.
    """
    marks = [f"<{element}>" for element in ELEMENTS]
    facts = ["<dark>", "<bright>", "<unknown>"]
    words = [f"The {e} is {light}." for e in ELEMENTS for light in ("dark", "bright")]
    tokens = ["<end>", "<begin>", *marks, *facts, *words]
    script = [(facts[0], facts[1])]
    for i, mark in enumerate(marks):
        script += [(mark, mark), (words[2 * i], words[2 * i + 1])]
    script.append(("<end>", "<end>"))
    base, tilt = np.zeros((2, len(script), len(tokens)), np.float32)
    for place, (dark, bright) in enumerate(script):
        base[place, [tokens.index(dark), tokens.index(bright)]] = 1000
        tilt[place, tokens.index(dark)] -= 1
        tilt[place, tokens.index(bright)] += 1
    about = {
        "name": "tiny", "tile_px": 32, "n_views": 2, "moments_s": (-0.1, 0.0, 0.1), "begin": 1,
        "end": 0, "elements": {e: tokens.index(f"<{e}>") for e in ELEMENTS},
        "facts": [[tokens.index(fact) for fact in facts]], "max_tokens": 20, "tokens": tokens,
    }  # fmt: skip
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("about.json", json.dumps(about))
        archive.writestr("eyes.onnx", _draw_eyes())
        archive.writestr("words.onnx", _draw_words(base, tilt))


def _draw_eyes():
    """How bright the first view is, shape (1, 1, n, 1, 1)."""
    nodes = [
        helper.make_node("Gather", ["tiles", "first"], ["view"], axis=1),
        helper.make_node("Cast", ["view"], ["numbers"], to=TensorProto.FLOAT),
        helper.make_node("ReduceMean", ["numbers"], ["mean"], axes=[1, 2, 3, 4], keepdims=0),
        helper.make_node("Sub", ["mean", "grey"], ["light"]),
        helper.make_node("Reshape", ["light", "shape"], ["past"]),
    ]
    constants = {"first": np.int64(0), "grey": np.float32(127), "shape": [1, 1, -1, 1, 1]}
    floats = {"views": 2, "moving": 2, "speeds": 2}
    given = [("tiles", TensorProto.UINT8, 6)]
    given += [(name, TensorProto.FLOAT, n) for name, n in floats.items()]
    return _save(nodes, given, [("past", TensorProto.FLOAT, 5)], constants)


def _draw_words(base, tilt):
    """The scores of a place of the script, tilted by the light."""
    nodes = [
        helper.make_node("Gather", ["base", "place"], ["level"], axis=0),
        helper.make_node("Gather", ["tilt", "place"], ["slope"], axis=0),
        helper.make_node("Reshape", ["past", "column"], ["light"]),
        helper.make_node("Mul", ["light", "slope"], ["tilted"]),
        helper.make_node("Add", ["level", "tilted"], ["scores"]),
        helper.make_node("Identity", ["past"], ["longer"]),
    ]
    given = [("tokens", TensorProto.INT64, 2), ("place", TensorProto.INT64, 1)]
    given.append(("past", TensorProto.FLOAT, 5))
    answers = [("scores", TensorProto.FLOAT, 2), ("longer", TensorProto.FLOAT, 5)]
    return _save(nodes, given, answers, {"base": base, "tilt": tilt, "column": [-1, 1]})


def _save(nodes, given, answers, constants):
    def declare(values):
        return [helper.make_tensor_value_info(n, kind, [None] * rank) for n, kind, rank in values]

    weights = [numpy_helper.from_array(np.asarray(v), name) for name, v in constants.items()]
    graph = helper.make_graph(nodes, "tiny", declare(given), declare(answers), weights)
    opsets = [helper.make_opsetid("", 17)]
    return helper.make_model(graph, opset_imports=opsets, ir_version=8).SerializeToString()
