// The report reads without this. It opens what a link points into, and all case sheets at once.
function reveal() {
  const target = document.getElementById(decodeURIComponent(location.hash.slice(1)));
  if (!target) return;
  for (let at = target; at; at = at.parentElement) if (at.tagName === "DETAILS") at.open = true;
  target.scrollIntoView({ block: target.tagName === "TR" ? "center" : "start" });
}
function openAll(open) {
  for (const sheet of document.querySelectorAll("details.case")) sheet.open = open;
}
for (const button of document.querySelectorAll("[data-open]")) {
  button.hidden = false;
  button.addEventListener("click", () => openAll(button.dataset.open === "yes"));
}
addEventListener("hashchange", reveal);
reveal();
