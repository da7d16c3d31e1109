"""What the chat page of the demo shows, as HTML made on the server, and what people do on it."""
