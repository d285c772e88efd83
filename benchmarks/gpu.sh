#!/bin/sh
# Measures this library on a machine with a GPU, in ten minutes at most:
#
#     sh benchmarks/gpu.sh [FOLDER]
#
# FOLDER (default: gpu) gets one JSON file for each measurement, and the output of all commands in log.txt. The script
# needs the package with its extra dev and installs nothing. DEVICE=cpu measures a CPU, DRY_RUN=1 prints the commands.
set -eu

OUT=${1:-gpu}
DEVICE=${DEVICE:-cuda}
PYTHON=${PYTHON:-python}
HERE=$(cd "$(dirname "$0")" && pwd)
GPUS=${GPUS:-$("$PYTHON" -c "import torch; print(torch.cuda.device_count())")}
FAILED=""

# measure SECONDS NAME COMMAND...: run a command; go on if it fails or takes longer
measure() {
  limit=$1 name=$2
  shift 2
  echo "== $name (at most $limit s): $*"
  [ -z "${DRY_RUN:-}" ] || return 0
  timeout "$limit" "$@" >>"$OUT/log.txt" 2>&1 || FAILED="$FAILED $name"
}

[ -n "${DRY_RUN:-}" ] || { mkdir -p "$OUT" && : >"$OUT/log.txt"; }

measure 30 info "$PYTHON" -m vits info
measure 60 tests "$PYTHON" -m pytest -q "$HERE/../tests/alignment" "$HERE/../tests/data/prepared/test_batch.py"
measure 45 alignment "$PYTHON" "$HERE/alignment.py" --device "$DEVICE" --output "$OUT/alignment.json"
for precision in 32-true bf16-mixed; do
  measure 60 "profile-$precision" "$PYTHON" "$HERE/profile_step.py" --device "$DEVICE" --precision "$precision" \
    --json "$OUT/profile-$precision.json"
done
for batch in 16 64; do
  measure 105 "training-$batch" "$PYTHON" "$HERE/training.py" --device "$DEVICE" --batch "$batch" \
    --precision 32-true bf16-mixed --rounds 10 --json "$OUT/training-$batch.json"
done
measure 45 discriminators "$PYTHON" "$HERE/discriminators.py" --device "$DEVICE" --precision bf16-mixed --batch 64 \
  --json "$OUT/discriminators.json"
if [ "$GPUS" -ge 2 ]; then
  measure 90 parallel "$PYTHON" "$HERE/parallel.py" --device "$DEVICE" --output "$OUT/parallel.json"
fi
[ -z "$FAILED" ] || { echo "failed or took too long:$FAILED; see $OUT/log.txt" >&2; exit 1; }
