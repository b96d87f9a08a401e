"""Batch: a whole workforce, in blocks of lines that are decided one by one and put together in order."""
