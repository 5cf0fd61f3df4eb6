"""One file a rule. A rule answers a question, a commit or a wait, or None where it has no opinion."""
