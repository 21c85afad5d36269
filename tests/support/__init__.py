"""What several tests share: small markets and records built by hand."""
