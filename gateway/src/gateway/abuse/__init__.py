"""What keeps abuse away: rate limits and captchas."""
