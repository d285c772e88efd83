"""Training data: corpus readers, preparation, prepared folders and their audit.

``corpora`` reads any supported layout into manifest rows, ``prepare`` checks and converts them into
a prepared folder, ``prepared`` loads that folder for training, and ``audit`` measures its quality.
Nothing is imported here, so the command line lists the layouts without loading torch.
"""
