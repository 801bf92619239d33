"""Judges submissions as spam: by the rules of their form, and by the model that storage learned. It asks nobody."""
