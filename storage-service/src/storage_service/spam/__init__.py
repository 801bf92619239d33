"""What owners mark teaches a model, and the model goes to the gateways."""
