#!/usr/bin/env bash
# Makes the networks that mousegpt ships: packs of synthetic scenes, then detector, then pose.
# Interrupted (Ctrl-C, kill -9, a time limit), the same command goes on with what is missing.
#
#   scripts/train_shipped_networks.sh gpu OUT     half an hour on an H100 with 16 cores
#   scripts/train_shipped_networks.sh cpu OUT     some hours on two cores
#   scripts/train_shipped_networks.sh try OUT     minutes: only shows that everything works
#
# Wants the extras [synth] and [train]. PYTHON names the interpreter; FINETUNE a folder of packs of
# real labelled frames, which are then repeated among the synthetic ones.
#
# Measured on one busy core (2.4 GHz class): 0.2 s a rendered picture of 768 px; training 16 to 24
# crops/s. On a GPU the preparation of pictures limits: 40 (detector) or 100 (pose) a second and core.
# Estimated times:
#
#          scenes x 24 pictures   detector                  pose
#   gpu    1000 (about 6 min)     10 epochs (about 7 min)   20 epochs (about 14 min)
#   cpu    400  (about 20 min)    3 epochs (about 1 h)      9 epochs (about 1.5 h)
#
set -eu
kind=${1:?gpu, cpu or try} out=${2:?folder for packs, checkpoints and networks}
case $kind in
gpu) scenes=1000 detector_epochs=10 pose_epochs=20 batch=64 ;;
cpu) scenes=400 detector_epochs=3 pose_epochs=9 batch=32 ;;
try) scenes=10 detector_epochs=1 pose_epochs=1 batch=16 ;;
*) echo "Expected gpu, cpu or try, found $kind." >&2; exit 2 ;;
esac
run() { "${PYTHON:-.venv/bin/python}" -m mousegpt train "$@"; }
data=(--data "$out/packs" ${FINETUNE:+--data "$FINETUNE"})

run pack "$out/packs" --scenes "$scenes"
run detector --preset pretrained --init imagenet "${data[@]}" --out "$out/detector" --epochs "$detector_epochs" --batch "$batch"
run pose --preset pretrained --init imagenet "${data[@]}" --out "$out/pose" --epochs "$pose_epochs" --batch "$batch"
echo "Ship them with: python scripts/ship_networks.py $out/packs" \
	"--detector $out/detector/detector.onnx --pose $out/pose/pose.onnx"
