import type { History } from "./history.ts";
import type { Report } from "./reports.ts";
import { Stacks } from "./stacks.ts";

/** Hues that generations take in turn; the style sheet has their colours. */
const hues = 6;
/** Pixels. */
const [top, laneHeight, foot, stripHeight, cell, letter, wide, endless] = [26, 58, 20, 9, 5, 7, 560, 1e6];

/** The time in which a token was the newest one, and its name above. Pixels. */
interface Band {
  readonly rect: Element;
  readonly label: Element;
  /** From the longest to the shortest. */
  readonly names: readonly string[];
  readonly from: number;
  to: number;
}

type Shape = "circle" | "g" | "line" | "path" | "rect" | "svg" | "text";

/**
 * The picture: a lane for each tab, time from left to right, now at the right end. What happened is drawn once, where it belongs in time, and then only
 * the whole moves.
 */
export class Timeline {
  readonly #svg: SVGSVGElement;
  readonly #history: History;
  readonly #zero = Date.now();
  /** Everything that has an end, in the order in which it leaves the picture. */
  #drawn: { element: Element; end: number }[] = [];
  #queue: Report[] = [];
  #lanes: readonly string[] = [];
  #width = 0;
  #stacks = new Stacks(0);
  #waits = new Set<string>();
  #moving: Element | undefined;
  #bands: Element | undefined;
  /** The newest one is the last. */
  #bandsShown: Band[] = [];

  constructor(svg: SVGSVGElement, history: History) {
    this.#svg = svg;
    this.#history = history;
  }

  add(report: Report): void {
    this.#queue.push(report);
  }

  draw(lanes: readonly string[], now: number): void {
    const width = this.#svg.clientWidth;
    if (width !== this.#width || lanes.join() !== this.#lanes.join()) this.#begin(lanes, width, now);
    for (const report of this.#queue.splice(0)) this.#show(report);
    const left = now - (width - this.#gutter) / this.#scale;
    for (let first = this.#drawn[0]; first !== undefined && first.end < left; first = this.#drawn[0]) {
      first.element.remove();
      this.#drawn.shift();
    }
    this.#moveLabels(this.#x(left));
    this.#moving?.setAttribute("transform", `translate(${(width - this.#gutter - this.#x(now)).toFixed(1)} 0)`);
  }

  get #gutter(): number {
    return this.#width < wide ? 50 : 72;
  }

  /** Pixels in a millisecond. */
  get #scale(): number {
    return this.#width < wide ? 0.034 : 0.048;
  }

  #x(time: number): number {
    return (time - this.#zero) * this.#scale;
  }

  #y(lane: string): number | undefined {
    const index = this.#lanes.indexOf(lane);
    return index < 0 ? undefined : top + index * laneHeight;
  }

  /** Draws everything anew: a tab has come or gone, or the window has another size. */
  #begin(lanes: readonly string[], width: number, now: number): void {
    this.#lanes = lanes;
    this.#width = width;
    this.#drawn = [];
    this.#waits = new Set();
    this.#bandsShown = [];
    this.#stacks = new Stacks(Math.floor((laneHeight - stripHeight - 14) / cell));
    const height = top + lanes.length * laneHeight + foot;
    this.#svg.replaceChildren();
    this.#svg.setAttribute("viewBox", `0 0 ${width} ${height}`);
    this.#svg.style.height = `${height}px`;
    const plot = this.#put(this.#svg, "svg", { x: this.#gutter, width: width - this.#gutter, height });
    this.#moving = this.#put(plot, "g", {});
    this.#bands = this.#put(this.#moving, "g", {});
    for (const [index, lane] of lanes.entries()) {
      const y = top + index * laneHeight;
      this.#put(this.#svg, "line", { x1: 0, x2: width, y1: y, y2: y, class: "rule" });
      this.#put(this.#svg, "text", { x: 0, y: y + laneHeight / 2 + 4, class: "lane" }).textContent = lane;
    }
    const bottom = height - foot;
    this.#put(this.#svg, "line", { x1: 0, x2: width, y1: bottom, y2: bottom, class: "rule" });
    for (let seconds = 0; seconds * 1000 * this.#scale < width - this.#gutter - 20; seconds += 2) {
      const x = width - seconds * 1000 * this.#scale;
      this.#put(this.#svg, "line", { x1: x, x2: x, y1: bottom, y2: bottom + 4, class: "rule" });
      const anchor = seconds === 0 ? "end" : "middle";
      this.#put(this.#svg, "text", { x, y: height - 4, class: "axis", "text-anchor": anchor }).textContent = seconds
        ? `−${seconds} s`
        : "now";
    }
    const since = now - (width - this.#gutter) / this.#scale - 5000;
    this.#queue = this.#history.reports.filter(({ at }) => at >= since);
  }

  #show(report: Report): void {
    switch (report.type) {
      case "logged-in":
        return this.#showBand(report.token, `login, ${report.by}`);
      case "refreshed":
        this.#showBand(report.token, report.by);
        return this.#showRefresh(report);
      case "took-over":
        this.#showBand(report.token, "");
        return this.#showTakeOver(report);
      case "called":
        return this.#showCall(report);
      case "logged-out":
      case "login-over":
        return this.#showEnd(report);
    }
  }

  /** The time in which this token is the newest one. A band is as long as the next one lets it be. */
  #showBand(token: string, origin: string): void {
    const generation = this.#history.of(token);
    if (generation === undefined || this.#bands === undefined) return;
    const from = this.#x(generation.at);
    if (from <= (this.#bandsShown.at(-1)?.from ?? Number.NEGATIVE_INFINITY)) return;
    this.#endBand(from);
    const hue = hueOf(generation.number);
    const height = this.#lanes.length * laneHeight;
    const rect = this.#put(this.#bands, "rect", { x: from, y: top, width: endless, height, class: `band ${hue}` });
    const label = this.#put(this.#bands, "text", { x: from, y: top - 9, class: `generation ${hue}` });
    const names = [origin === "" ? "" : `${generation.number} · ${origin}`, `${generation.number}`, ""];
    this.#bandsShown.push({ rect, label, names, from, to: from + endless });
  }

  #endBand(x: number): void {
    const last = this.#bandsShown.at(-1);
    if (last === undefined || last.to < x) return;
    last.to = x;
    last.rect.setAttribute("width", String(Math.max(0, x - last.from)));
  }

  /** The name of a band stays in the picture for as long as there is room for it. */
  #moveLabels(left: number): void {
    for (let first = this.#bandsShown[0]; first !== undefined && first.to < left; first = this.#bandsShown[0]) {
      first.rect.remove();
      first.label.remove();
      this.#bandsShown.shift();
    }
    for (const { label, names, from, to } of this.#bandsShown) {
      const start = Math.max(from, left);
      label.textContent = names.find((name) => name !== "" && start + letter * name.length < to) ?? "";
      label.setAttribute("x", start.toFixed(1));
    }
  }

  #showRefresh({ by, token, from, at }: Report & { type: "refreshed" }): void {
    const y = this.#y(by);
    if (y === undefined) return;
    const x = this.#x(from);
    const width = Math.max(6, this.#x(at) - x);
    const hue = hueOf(this.#history.of(token)?.number);
    this.#keep(at, "rect", { x, y: y + 5, width, height: stripHeight, rx: 3, class: `refresh ${hue}` });
  }

  #showTakeOver({ by, token, at }: Report & { type: "took-over" }): void {
    const generation = this.#history.of(token);
    const [to, from] = [this.#y(by), this.#y(generation?.by ?? "")];
    if (to === undefined || generation === undefined) return;
    const [hue, middle] = [hueOf(generation.number), 5 + stripHeight / 2];
    const isFollowing = from !== undefined && from !== to && at - generation.at < 1500;
    if (isFollowing) {
      const d = `M${this.#x(generation.at)} ${from + middle} L${this.#x(at)} ${to + middle}`;
      this.#keep(at, "path", { d, class: `handed ${hue}` });
    }
    this.#keep(at, "circle", { cx: this.#x(at), cy: to + middle, r: 3, class: `taken ${hue}` });
  }

  #showCall({ by, from, at, attempts, status }: Report & { type: "called" }): void {
    const y = this.#y(by);
    if (y === undefined) return;
    const [first, second] = attempts;
    this.#showWait(by, y, from, first?.at ?? at);
    if (first !== undefined && second !== undefined) this.#showWait(by, y, first.at, second.at);
    const place = this.#stacks.place(by, Math.floor(this.#x(at) / cell));
    const [cx, cy] = [(place.column + 0.5) * cell, y + laneHeight - 6 - place.row * cell];
    const hue = hueOf(this.#history.of(attempts.at(-1)?.token)?.number);
    const kind = status === 200 ? (attempts.length > 1 ? "replayed" : "answered") : "failed";
    this.#keep(at, "circle", { cx, cy, r: kind === "answered" ? 2 : 1.8, class: `call ${kind} ${hue}` });
  }

  /** From when to when a call waited for a token. Calls that waited side by side are one bar. */
  #showWait(by: string, y: number, from: number, to: number): void {
    if (to - from < 40) return;
    const [x, end] = [from, to].map((time) => Math.round(this.#x(time) / 4) * 4) as [number, number];
    const name = `${by} ${x} ${end}`;
    if (this.#waits.has(name)) return;
    this.#waits.add(name);
    this.#keep(to, "rect", { x, y: y + 5, width: Math.max(4, end - x), height: stripHeight, rx: 3, class: "wait" }, true);
  }

  #showEnd({ by, at, type }: Report): void {
    const x = this.#x(at);
    this.#endBand(x);
    const y = this.#y(by) ?? top;
    const isLogout = type === "logged-out";
    const [y1, y2] = isLogout ? [top, top + this.#lanes.length * laneHeight] : [y, y + laneHeight];
    this.#keep(at, "line", { x1: x, x2: x, y1, y2, class: isLogout ? "logout" : "over" });
    if (isLogout) this.#keep(at + 3000, "text", { x: x + 2, y: top - 9, class: "generation" }).textContent = "logged out";
  }

  #keep(end: number, shape: Shape, attributes: Record<string, string | number>, isBehind = false): Element {
    const element = this.#put(this.#moving as Element, shape, attributes);
    if (isBehind) this.#bands?.after(element);
    this.#drawn.push({ element, end });
    return element;
  }

  #put(parent: Element, shape: Shape, attributes: Record<string, string | number>): Element {
    const element = document.createElementNS("http://www.w3.org/2000/svg", shape);
    for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, String(value));
    parent.append(element);
    return element;
  }
}

export function hueOf(generation: number | undefined): string {
  return generation === undefined ? "" : `hue-${generation % hues}`;
}
