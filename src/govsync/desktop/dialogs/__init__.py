"""Windows of their own for one thing each: the first start, versions, leaving a desk."""
