"""Planning: an event and its form become the deliveries that they ask for."""
