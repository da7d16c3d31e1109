"""What happens in `channelwatch demo`: the stage, the people who subscribe, the feed, and the count at the end."""
