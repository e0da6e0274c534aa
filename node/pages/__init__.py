"""The door for people: pages and the marking page's JSON API."""
