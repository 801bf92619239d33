"""What all pages have in common: who is signed in, how a page is made, what it may load, and what guards its posts."""
