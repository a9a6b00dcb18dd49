// Appended to a copy of a page: sends what is wrong with its layout to the frame around it.
addEventListener("load", () => {
  const problems = [];
  const width = document.documentElement.clientWidth;
  const name = (e) => `${e.tagName} "${(e.textContent || "").trim().slice(0, 40)}"`;
  const within = (a, b, slack) =>
    a.left >= b.left - slack && a.right <= b.right + slack && a.top >= b.top - slack && a.bottom <= b.bottom + slack;
  const overlap = (a, b) =>
    Math.min(a.right, b.right) - Math.max(a.left, b.left) > 0.5 && Math.min(a.bottom, b.bottom) - Math.max(a.top, b.top) > 0.5;
  const checkApart = (elements, what) => {
    const boxes = elements.map((e) => [e, e.getBoundingClientRect()]);
    boxes.forEach(([a, boxA], i) =>
      boxes.slice(i + 1).forEach(([b, boxB]) => {
        if (overlap(boxA, boxB)) problems.push(`${what}: ${name(a)} overlaps ${name(b)}`);
      }));
  };
  const luminance = (color) => {
    const [r, g, b] = color.match(/[\d.]+/g).map((v) => v / 255).map((v) => (v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4));
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const back = getComputedStyle(document.body).backgroundColor;
  const contrast = (color) => {
    const [low, high] = [luminance(color), luminance(back)].sort((x, y) => x - y);
    return (high + 0.05) / (low + 0.05);
  };

  document.querySelectorAll("details").forEach((d) => (d.open = true));
  if (document.documentElement.scrollWidth > width) problems.push(`scrolls to ${document.documentElement.scrollWidth}`);
  for (const e of document.querySelectorAll("body *")) {
    const box = e.getBoundingClientRect();
    const scrolls = e.closest(".scroll") !== null && !e.matches(".scroll");
    if (!scrolls && box.width > 0 && (box.right > width + 0.5 || box.left < -0.5)) problems.push(`${name(e)} leaves the page`);
  }
  checkApart([...document.querySelectorAll("figure")], "figures");
  for (const legend of document.querySelectorAll(".legend")) checkApart([...legend.children], "legend");
  for (const svg of document.querySelectorAll("svg[role=img]")) {
    const box = svg.getBoundingClientRect();
    const texts = [...svg.querySelectorAll("text")];
    checkApart(texts, "chart");
    for (const e of svg.querySelectorAll("text, path")) {
      if (!within(e.getBoundingClientRect(), box, 1.5)) problems.push(`${name(e)} ${e.getAttribute("class") ?? ""} leaves its chart`.replace("  ", " "));
    }
    if (texts.length > 0 && (11 * box.width) / svg.viewBox.baseVal.width < 9.5) problems.push("text of a chart is too small");
  }
  for (const e of document.querySelectorAll("p, td, th, text, li, summary")) {
    const style = getComputedStyle(e);
    const color = e.tagName === "text" ? style.fill : style.color;
    if (contrast(color) < 4.5) problems.push(`${name(e)}: ${color} on ${back} is hard to read`);
  }
  for (const e of document.querySelectorAll(".line, .range, .span")) {
    if (contrast(getComputedStyle(e).stroke) < 3) problems.push(`${e.getAttribute("class")} on ${back} is hard to see`);
  }
  for (const e of document.querySelectorAll("[src], [href], [data]")) problems.push(`${e.outerHTML} refers to another file`);
  const isDark = matchMedia("(prefers-color-scheme: dark)").matches;
  parent.postMessage(`${isDark ? "dark" : "light"} ${width}\n${[...new Set(problems)].slice(0, 20).join("\n")}`, "*");
});
