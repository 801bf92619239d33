"""Stand-ins for services of chats. Each refuses what the real one refuses, and fails where it would interpret what a
stranger typed. Each module names the documentation it goes by."""
