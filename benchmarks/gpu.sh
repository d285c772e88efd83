#!/bin/sh
# Measures this library on a machine with a GPU, in ten minutes at most:
#
#     sh benchmarks/gpu.sh [FOLDER]
#
# FOLDER (default: gpu) gets one JSON file for each measurement, a table of all of them in table.md, and the output of
# all commands in log.txt. The script needs the package with its extra dev (pip install -e '.[dev]') and installs
# nothing.
#
# COMPILE=parts or COMPILE=step measures a compiled step instead, beside one that is not compiled, again in ten minutes.
# DEVICE=cpu measures a CPU. SMALL=1 takes one short utterance, few steps and longer limits, to try the script; its
# figures say nothing. DRY_RUN=1 prints the commands.
set -eu

OUT=${1:-gpu}
DEVICE=${DEVICE:-cuda}
PYTHON=${PYTHON:-python}
COMPILE=${COMPILE:-none}
HERE=$(cd "$(dirname "$0")" && pwd)
FAILED=""
SIZE="" BATCHES="16 64" LARGEST=64 PRECISIONS="32-true bf16-mixed" ROUNDS=10 STEPS="" TIMES=1
if [ -n "${SMALL:-}" ]; then
  # in 32-true: many CPUs compute bf16-mixed a hundred times slower
  SIZE="--symbols 12 --frames 48" BATCHES=1 LARGEST=1 PRECISIONS=32-true ROUNDS=1 STEPS="--warmup 1 --steps 1" TIMES=5
fi

PROFILED=${PRECISIONS#32-true }  # the last one

stop() {
  echo "$*" >&2
  exit 2
}

# measure SECONDS NAME COMMAND...: run a command; go on if it fails or takes longer
measure() {
  limit=$(($1 * TIMES)) name=$2
  shift 2
  echo "== $name (at most $limit s): $*"
  [ -z "${DRY_RUN:-}" ] || return 0
  printf '\n== %s\n' "$name" >>"$OUT/log.txt"
  # a trainer outlives the first signal
  timeout -k 5 "$limit" "$@" >>"$OUT/log.txt" 2>&1 || FAILED="$FAILED $name"
}

# profile SECONDS PRECISION COMPILE
profile() {
  measure "$1" "profile-$2-$3" "$PYTHON" "$HERE/profile_step.py" --device "$DEVICE" --precision "$2" --compile "$3" \
    --batch "$LARGEST" $SIZE $STEPS --json "$OUT/profile-$2-$3.json"
}

case $COMPILE in none | parts | step) ;; *) stop "COMPILE $COMPILE must be none, parts or step" ;; esac
if [ -z "${DRY_RUN:-}" ]; then
  "$PYTHON" -c "import vits, pytest" || stop "$PYTHON lacks the package or its extra dev: pip install -e '.[dev]'"
  FOUND=$("$PYTHON" -c "import torch; print(torch.cuda.device_count())")
  if [ "$DEVICE" = cuda ] && [ "$FOUND" = 0 ]; then
    stop "PyTorch finds no GPU ($PYTHON -m vits info says why); DEVICE=cpu SMALL=1 tries the script on a CPU"
  fi
  mkdir -p "$OUT"
  : >"$OUT/log.txt"
fi
GPUS=${GPUS:-${FOUND:-1}}

measure 30 info "$PYTHON" -m vits info
[ "$DEVICE" = cuda ] || FAILED=""  # its exit status says that there is no GPU
if [ "$COMPILE" = none ]; then
  measure 60 tests "$PYTHON" -m pytest -q "$HERE/../tests/alignment" "$HERE/../tests/data/prepared/test_batch.py"
  measure 45 alignment "$PYTHON" "$HERE/alignment.py" --device "$DEVICE" --rounds "$ROUNDS" \
    --output "$OUT/alignment.json"
  for precision in $PRECISIONS; do
    profile 55 "$precision" none
  done
  for batch in $BATCHES; do
    measure 105 "training-$batch" "$PYTHON" "$HERE/training.py" --device "$DEVICE" --batch "$batch" \
      --precision $PRECISIONS --rounds "$ROUNDS" $SIZE --json "$OUT/training-$batch.json"
  done
  measure 45 discriminators "$PYTHON" "$HERE/discriminators.py" --device "$DEVICE" \
    --precision "$PROFILED" --batch "$LARGEST" --rounds "$ROUNDS" --json "$OUT/discriminators.json"
  if [ "$GPUS" -ge 2 ]; then
    measure 90 parallel "$PYTHON" "$HERE/parallel.py" --device "$DEVICE" --output "$OUT/parallel.json" \
      --config "$HERE/../configs/tiny.yaml"
  fi
else
  profile 55 "$PROFILED" none
  profile 505 "$PROFILED" "$COMPILE"
fi
measure 10 table "$PYTHON" "$HERE/gpu_table.py" "$OUT"
[ -z "$FAILED" ] || { echo "failed or took too long:$FAILED; see $OUT/log.txt" >&2; exit 1; }
