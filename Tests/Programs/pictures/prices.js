// Sorts prices and matches words, a quarter of a core.
function sortPrices(count) {
  const prices = Array.from({ length: count }, (_, index) => (index * 7919) % 100003);
  return prices.sort((a, b) => a - b)[count >> 1];
}

function matchWords(count) {
  let found = 0;
  for (let index = 0; index < count; index++) found += /price: (\d+)\.\d\d/.test(`the price: ${index}.99`) ? 1 : 0;
  return found;
}

console.log("ready prices");
setInterval(() => sortPrices(4000) + matchWords(4000), 14);
