// Notes what counterfoil.js tells a page.
window.told = [];
for (const name of ["waiting", "refused", "accepted", "receipt"]) {
  addEventListener("counterfoil:" + name, ({ detail }) => window.told.push([name, detail]));
}
