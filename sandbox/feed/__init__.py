"""The invented sample feed of `channelwatch demo`: channels, posts and people of countries that do not exist."""
