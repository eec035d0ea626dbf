"""The pages of the window. Each is handed the `Desk`, shows what it hears of it, and knows no other page."""
