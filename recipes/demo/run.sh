#!/bin/sh
# The whole path on a corpus made here: prepare, fit, bundle, say. Everything goes to ./demo.
# `make demo` runs it; `vits` and `python` must be those of the environment that vits is installed in.
set -eu
cd "$(dirname "$0")/../.."

# In networks as small as these a second thread costs more than it brings: twice the time, measured,
# and ten times where other jobs run beside it.
export OMP_NUM_THREADS="${OMP_NUM_THREADS:-1}"

step() { printf '\n== %s\n' "$*"; }
started=$(date +%s)

rm -rf demo/corpus demo/data demo/run
mkdir -p demo

step "speak with the voice in the box (demo/hello.wav)"
vits say "Hello! This voice came with the library." -o demo/hello.wav --seed 1

step "make a corpus with espeak-ng (demo/corpus)"
python recipes/demo/make_corpus.py demo/corpus

step "prepare it (demo/data)"
vits prepare demo/corpus -o demo/data --sample-rate 16000 --no-blanks --workers 2

step "train configs/tiny.yaml on it (demo/run)"
vits fit -c configs/tiny.yaml --data.train demo/data --trainer.default_root_dir demo/run

step "make a voice of the last checkpoint (demo/voice)"
vits bundle demo/run -o demo/voice --force --name demo --licence CC0-1.0 \
  --origin "espeak-ng's synthesis of the demo's sentences"

step "speak (demo/spoken.wav)"
vits say "Good morning, Vera! The old bridge is warm." -o demo/spoken.wav --voice demo/voice --seed 1

step "what was learned"
learned=0
python recipes/demo/check_learning.py demo/run demo/data || learned=$?

finished=$(date +%s)
printf '\n== done in %d seconds\n' "$((finished - started))"
printf 'the waves:       demo/hello.wav (the voice in the box), demo/spoken.wav (the one just trained)\n'
printf 'the loss curves: demo/run/curves.png\n'
printf 'pictures:        demo/run/samples/\n'
printf 'next:            .venv/bin/vits say "Where is the garden?" -o demo/garden.wav --voice demo/voice\n'
exit "$learned"
