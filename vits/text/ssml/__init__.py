"""The subset of SSML that voices understand."""
