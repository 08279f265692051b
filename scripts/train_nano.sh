#!/usr/bin/env bash
# Makes MouseGPT-nano: packs of synthetic moments, training, file, measurement, model card.
# Interrupted (Ctrl-C, kill -9, a time limit), the same command goes on with what is missing.
#
#   scripts/train_nano.sh cpu OUT     two to three hours on two cores
#   scripts/train_nano.sh gpu OUT     about half an hour on a GPU with 16 cores
#   scripts/train_nano.sh try OUT     minutes: only shows that everything works
#
# Wants the extras [synth] and [train]. PYTHON names the interpreter. INIT names a pose network
# (checkpoint.pt, .onnx, or "shipped") whose weights the eye begins with; do give one. OWN names a folder of packs of your own
# recordings (mousegpt train pack-recordings), learnt from besides.
#
# Measured on one busy core (2.4 GHz class): 2 moments a second rendered, 8 trained.
# Preparing a moment for a GPU takes 10 ms of a core.
#
#          scenes x 16 moments        training
#   cpu    400 (about 25 min x 2)     8 epochs, 1,400 steps (about 1.5 h)
#   gpu    3000 (about 25 min x 16)   30 epochs, 10,000 steps of 128 (about 20 min)
set -eu
kind=${1:?gpu, cpu or try} out=${2:?folder for packs, checkpoint and model}
more=()
case $kind in
gpu) scenes=3000 epochs=30 more=(--batch 128) ;;
cpu) scenes=400 epochs=8 ;;
try) scenes=10 epochs=1 more=(--batch 8) ;;
*) echo "Expected gpu, cpu or try, found $kind." >&2; exit 2 ;;
esac
python=${PYTHON:-.venv/bin/python}

"$python" -m mousegpt train pack-descriptions "$out/packs" --scenes "$scenes"
"$python" -m mousegpt train nano --data "$out/packs" ${OWN:+--data "$OWN"} \
    --out "$out/nano" --epochs "$epochs" ${INIT:+--init "$INIT"} "${more[@]}"
NANO="$out/nano/nano.zip" "$python" -m benchmarks describe_nano --json "$out/describe_nano.json" \
    $([ "$kind" != try ] || echo --quick)
"$python" scripts/write_nano_card.py "$out/describe_nano.json" "$out/nano" "$out/model_card_nano.md"
ls -l "$out/nano/nano.zip" "$out/model_card_nano.md"
echo "To ship it: copy nano.zip to src/mousegpt/backends/weights and the card to docs."
