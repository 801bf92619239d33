"""Double opt-in: a submission waits until whoever has its address presses the button in a mail."""
