"""The pieces that pages are made of, each drawn in our language; they know nothing of a desk."""
