"""Commands: parse, call the app, render, exit."""
