"""What came back: mails that could not be delivered after their server had taken them, and complaints about mails."""
