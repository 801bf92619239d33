"""The faults of the proof, each an object that a test, or a mix of them, puts in and takes out again."""
