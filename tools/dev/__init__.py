"""Starts what a laptop needs to run and test Counterfoil: private servers, and the runner behind `make run`."""
