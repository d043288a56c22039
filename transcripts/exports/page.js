"use strict";
(function () {
  var root = document.documentElement;
  var steps = Array.prototype.slice.call(document.querySelectorAll(".step"));
  var parts = Array.prototype.slice.call(document.querySelectorAll("main > *"));
  var find = document.getElementById("find");
  var bad = document.getElementById("bad");
  var nothing = document.querySelector(".nothing");

  function show() {
    var wanted = find.value.trim().toLowerCase();
    var only = bad !== null && bad.getAttribute("aria-pressed") === "true";
    var left = 0;
    parts.forEach(function (one) {
      var step = one.classList.contains("step");
      var heading = one.tagName === "H2";
      var fits = !wanted || one.textContent.toLowerCase().indexOf(wanted) >= 0;
      if (only) { fits = fits && (heading || /failed|error/.test(one.className)); }
      one.hidden = !(fits || heading && !wanted);
      left += step && !one.hidden ? 1 : 0;
    });
    if (only || wanted) { headings(); }
    nothing.hidden = left > 0 || !(only || wanted);
  }

  // A heading stays when something below it does.
  function headings() {
    var below = false;
    parts.slice().reverse().forEach(function (one) {
      if (one.tagName !== "H2") { below = below || !one.hidden; return; }
      one.hidden = !below;
      below = false;
    });
  }

  function copied(button, text) {
    var done = function () {
      button.textContent = "Copied";
      setTimeout(function () { button.textContent = "Copy"; }, 1200);
    };
    if (navigator.clipboard && window.isSecureContext) {
      navigator.clipboard.writeText(text).then(done);
      return;
    }
    var area = document.createElement("textarea");
    area.value = text;
    document.body.appendChild(area);
    area.select();
    document.execCommand("copy");
    area.remove();
    done();
  }

  document.addEventListener("click", function (event) {
    var button = event.target.closest("button");
    if (button === null) { return; }
    if (button.dataset.copy !== undefined) {
      event.preventDefault();
      copied(button, button.dataset.copy);
    } else if (button.dataset.fold !== undefined) {
      steps.forEach(function (one) {
        if (one.tagName === "DETAILS") { one.open = button.dataset.fold === "open"; }
      });
    } else if (button.id === "bad") {
      bad.setAttribute("aria-pressed", String(bad.getAttribute("aria-pressed") !== "true"));
      show();
    } else if (button.id === "theme") {
      var dark = root.dataset.theme ? root.dataset.theme === "dark"
        : window.matchMedia("(prefers-color-scheme: dark)").matches;
      root.dataset.theme = dark ? "light" : "dark";
    }
  });
  find.addEventListener("input", show);

  function unfold() {
    var one = location.hash ? document.getElementById(location.hash.slice(1)) : null;
    if (one !== null && one.tagName === "DETAILS") { one.open = true; }
  }
  window.addEventListener("hashchange", unfold);
  unfold();
  var contents = document.querySelector("nav details");
  if (contents !== null && window.matchMedia("(max-width: 40rem)").matches) {
    contents.open = false;
  }
  document.querySelectorAll(".bar, .copy").forEach(function (one) { one.hidden = false; });
}());
