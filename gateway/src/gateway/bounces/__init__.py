"""What providers of mail tell by calls: mails that came back, and complaints."""
