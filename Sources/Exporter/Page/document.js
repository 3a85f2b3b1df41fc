/* A stored profile: the viewer alone. */
const profile = JSON.parse(document.getElementById("profile").textContent);
const palette = new Palette();
const viewer = new Viewer(
  document.getElementById("viewer"), palette, new Tip(), { view: "icicle", isTurned: false, find: "", zoom: "", pick: "" }, () => {}, []);

function show() {
  palette.read();
  viewer.show(new ProfileMaterial(profile, palette));
  if (viewer.material.isEmpty) viewer.notice(false, "No samples in this profile", "Nothing of the target ran while it was taken.");
}

matchMedia("(prefers-color-scheme: dark)").addEventListener("change", show);
document.addEventListener("keydown", event => {
  if (event.ctrlKey || event.metaKey || event.altKey) return;
  if (event.key === "Escape") viewer.escape();
  if (event.key === "/" && event.target !== viewer.search) {
    event.preventDefault();
    viewer.search.focus();
  }
});
show();
