"""The doctor: looks at what makes mail land, and says what to mend."""
