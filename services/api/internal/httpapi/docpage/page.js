// Leaves of the list of operations those that have all the words that are typed.
"use strict";
const search = document.getElementById("search");
const groups = [...document.querySelectorAll(".menu details")];
search.hidden = false;
search.addEventListener("input", () => {
  const words = search.value.toLowerCase().split(/\s+/).filter(Boolean);
  for (const group of groups) {
    let found = false;
    for (const entry of group.querySelectorAll("li")) {
      const text = entry.textContent.toLowerCase() + " " + (entry.dataset.text ?? "").toLowerCase();
      entry.hidden = !words.every((word) => text.includes(word));
      found ||= !entry.hidden;
    }
    group.hidden = !found;
    group.open = found && words.length > 0;
  }
});
