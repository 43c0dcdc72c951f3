"""Questions about what lies under the streets, asked of files; answers are JSON values."""
