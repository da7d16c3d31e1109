"""Who wants a post: the query language and the percolator that runs one post against many queries."""
