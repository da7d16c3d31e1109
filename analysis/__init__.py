"""What a post is about, by computation alone: words, language, topics. No files, no network, no database."""
