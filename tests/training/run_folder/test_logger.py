"""TensorBoard's writer may fail at any call: the run goes on, and later events are kept."""

import errno
import os
import time

import pytest
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator
from tensorboard.summary.writer.record_writer import RecordWriter

from vits.errors import TrainingWarning
from vits.training.run_folder import logger as module
from vits.training.run_folder.logger import RunLogger, quiet_writer_threads
from vits.training.run_folder.optional_writes import OptionalWrites


def test_events_after_a_full_disk_are_kept(tmp_path, monkeypatch):
    def fail(self, data):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(module, "RETRY_S", 0.05)
    logger = RunLogger(tmp_path, OptionalWrites())
    log(logger, [1])
    with monkeypatch.context() as patch, quiet_writer_threads():
        patch.setattr(RecordWriter, "write", fail)
        with pytest.warns(TrainingWarning, match="tfevents: No space"):
            log(logger, range(2, 6))
    time.sleep(0.1)
    logger.log_metrics({"mel": 1.0}, 9)
    logger.finalize("success")
    events = EventAccumulator(str(tmp_path))
    events.Reload()
    assert {1, 9} <= {event.step for event in events.Scalars("mel")}


def log(logger, steps):
    for step in steps:
        logger.log_metrics({"mel": 1.0}, step)
        logger.save()


def test_a_bug_in_logging_is_raised(tmp_path):
    logger = RunLogger(tmp_path, OptionalWrites())
    with pytest.raises(ValueError, match="not supported"):
        logger.log_metrics({"mel": object()}, 1)
    logger.finalize("failed")
