"""What notify tells of deliveries that failed or are held, and how they are sent again."""
