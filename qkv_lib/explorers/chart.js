// A small chart: lines in their own colours, and dots on them. The numbers stand beside it.

const FRAME = { left: 32, right: 206, top: 30, bottom: 130 };

// x and y: { from, to, title, ticks: [[place, label], …] }; lines: [{ name, points }];
// dots: [{ at: [x, y], name, line, below }].
function chart(label, { x, y, lines, dots = [] }) {
  const { left, right, top, bottom } = FRAME;
  const within = (b) => Math.min(Math.max(b, y.from), y.to);
  const across = (a) => left + (a - x.from) / (x.to - x.from) * (right - left);
  const up = (b) => bottom - (within(b) - y.from) / (y.to - y.from) * (bottom - top);
  return s("svg", { viewBox: "0 0 260 160", role: "img", "aria-label": label, class: "chart" },
    s("path", { class: "axes", d: `M${left} ${top}V${bottom}H${right}` }),
    x.ticks.map(([a, name]) => s("text", { x: across(a), y: bottom + 12 }, name)),
    y.ticks.map(([b, name]) => s("text", { x: left - 4, y: up(b) + 3, class: "before" }, name)),
    s("text", { x: (left + right) / 2, y: bottom + 26 }, x.title),
    s("text", { x: 2, y: 9, class: "after" }, y.title),
    lines.map(({ name = "", points }, i) => [
      s("polyline", { class: `line-${i}`, points: points.map(([a, b]) => `${across(a)},${up(b)}`).join(" ") }),
      s("text", { x: right + 4, y: up(points.at(-1)[1]) + 3, class: "after" }, name)]).flat(),
    dots.map(({ at: [a, b], name = "", line, below }) => [
      s("circle", { class: `dot line-${line}`, cx: across(a), cy: up(b), r: 4 }),
      s("text", { x: across(a), y: up(b) + (below ? 14 : -7) }, name)]).flat());
}

const RAISED = "⁰¹²³⁴⁵⁶⁷⁸⁹";
const power = (n) => `10${n < 0 ? "⁻" : ""}${[...String(Math.abs(n))].map((d) => RAISED[d]).join("")}`;
