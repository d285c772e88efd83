"""Building blocks of the networks, as the papers define them.

Signals are (B, C, T), a mask is a float tensor (B, 1, T), 1 for real positions and 0 for padding.
``vits.fast`` has faster equivalents of some of these modules.
"""
