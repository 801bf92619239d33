"""The faults of the proof. Each is an object that a test starts and ends, alone or with others."""
