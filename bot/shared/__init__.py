"""What all features use: the stores and settings they get, what a member may, prices and questions, files taken in.

Knows: requests, prices and the catalogue (`inference`'s light types), the store (`db`).
Does not know: any feature; what a feature adds to an order is handed in (`bot.shared.orders`). Of its rooms, only
`discord`, `cards` and `delivery` know Discord.
"""
