"""Writes orders as text and reads them again, a quarter of a core."""
import json
import time


def make_orders(count):
    return [{"order": number, "lines": [number * line for line in range(12)]} for number in range(count)]


def write_orders(orders):
    return json.dumps(orders)


def read_orders(text):
    return sum(order["lines"][3] for order in json.loads(text))


print("ready orders", flush=True)
while True:
    read_orders(write_orders(make_orders(300)))
    time.sleep(0.012)
