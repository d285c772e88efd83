#!/usr/bin/env bash
# Train on all GPUs of one or more machines. Run it on each machine.
#
#   recipes/cluster/torchrun.sh -c configs/ljspeech.yaml --data.train prepared/ada
#   NODES=2 NODE_RANK=0 MASTER=first-host recipes/cluster/torchrun.sh -c ...   # and NODE_RANK=1 on the other
#
# RANKS is the number of processes on this machine (default: one per GPU).
# The run resumes from its newest checkpoint, if there is one. A SIGTERM to torchrun reaches every
# rank; they save at the next step and exit with status 75, and torchrun with a non-zero status.
set -eu

exec torchrun \
  --nnodes "${NODES:-1}" --node_rank "${NODE_RANK:-0}" --nproc_per_node "${RANKS:-gpu}" \
  --master_addr "${MASTER:-127.0.0.1}" --master_port "${PORT:-29500}" \
  --no-python vits fit "$@" --resume auto
