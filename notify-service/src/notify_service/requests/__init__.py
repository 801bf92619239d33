"""What owners ask for: to send again, to release what was withheld, to withhold."""
