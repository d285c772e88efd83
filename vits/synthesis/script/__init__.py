"""From text to encoded sentences, with pauses and requested lengths."""
