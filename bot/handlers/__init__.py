"""One file a conversation. Each function takes the talk and the words behind a command, in a message or in a button."""
