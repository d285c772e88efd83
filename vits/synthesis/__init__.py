"""Voices: the folder they are kept in, loading them, and speaking with them."""

from vits.synthesis.bundle import VoiceBundle
from vits.synthesis.captions import Captions
from vits.synthesis.card import Card
from vits.synthesis.checkpoint import bundle_checkpoint, find_checkpoint
from vits.synthesis.drift import FrontendDriftWarning
from vits.synthesis.reading import read_voice
from vits.synthesis.script import SkippedSentenceWarning
from vits.synthesis.settings import InferenceConfig
from vits.synthesis.shortcuts import load, synthesize
from vits.synthesis.speech import Speech, Timing
from vits.synthesis.voice import Voice
from vits.synthesis.writing import write_voice

__all__ = [
    "Captions",
    "Card",
    "FrontendDriftWarning",
    "InferenceConfig",
    "SkippedSentenceWarning",
    "Speech",
    "Timing",
    "Voice",
    "VoiceBundle",
    "bundle_checkpoint",
    "find_checkpoint",
    "load",
    "read_voice",
    "synthesize",
    "write_voice",
]
