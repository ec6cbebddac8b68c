"""What the bot can do, by topic: /help, and the answer to those who say hello."""
