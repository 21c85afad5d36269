"""The only place where decisions are made: pure functions over integers and arrays."""
