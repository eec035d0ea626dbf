"""Where packs lie: immutable objects, in a folder or in an S3-compatible store."""
