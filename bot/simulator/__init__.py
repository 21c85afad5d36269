"""An HTTP server that speaks the provider's wire over any record, with faults on demand."""
