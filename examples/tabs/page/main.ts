import { createCaller } from "./calls.ts";
import { History } from "./history.ts";
import { joinLogin, type TabLogin } from "./login.ts";
import { openChannel, type Message, type Place, type Report } from "./reports.ts";
import { openTabs, takeName } from "./tab-name.ts";
import { showGenerations } from "./table.ts";
import { Timeline } from "./timeline.ts";

const find = <Element extends HTMLElement>(id: string): Element => document.getElementById(id) as Element;

const name = await takeName();
const channel = openChannel();
const history = new History((report) => {
  timeline.add(report);
  showCounts();
});
const timeline = new Timeline(document.querySelector("svg") as SVGSVGElement, history);
let place = (localStorage.getItem("place") ?? "page") as Place;
let user: string | undefined;
let login = join();

function join(): TabLogin & { call: () => Promise<void> } {
  const joined = joinLogin(name, place, report);
  return { ...joined, call: createCaller(name, joined.tokens, report) };
}

function post(message: Message): void {
  channel.postMessage(message);
}

function report(told: Report): void {
  post({ type: "report", report: told });
  take(told);
}

function take(told: Report): void {
  if (told.type === "called") user = told.user ?? user;
  // A tab hears by itself that the entry has changed, and looks when it sends its next call. The state that it shows should not wait for that.
  if (told.type === "logged-in" || told.type === "logged-out") void login.tokens.reread();
  history.add(told);
}

/** Calls of this tab that are under way. */
let pending = 0;
async function sendCalls(count: number): Promise<void> {
  pending += count;
  showState();
  await Promise.all(Array.from({ length: count }, login.call));
  pending -= count;
  showState();
}

async function refreshIn(wanted: Place): Promise<void> {
  const before = login;
  place = wanted;
  localStorage.setItem("place", place);
  login = join();
  showPlace();
  await before.tokens.close();
}

let isNew = true;
channel.addEventListener("message", ({ data }: MessageEvent<Message>) => {
  if (data.type === "report") take(data.report);
  else if (data.type === "calls") void sendCalls(data.count);
  else if (data.type === "place") void refreshIn(data.place);
  else if (data.type === "history-wanted") post({ type: "history", reports: history.reports });
  else if (isNew) {
    isNew = false;
    for (const told of data.reports) history.add(told);
  }
});

function onClick(id: string, work: () => unknown): void {
  find(id).addEventListener("click", work);
}

onClick("open", () => open(location.origin, "_blank", "noopener"));
onClick("calls", () => sendCalls(50));
onClick("calls-everywhere", () => {
  post({ type: "calls", count: 50 });
  return sendCalls(50);
});
onClick("revoke", () => withToken("/scene/revoke-token"));
onClick("end", () => withToken("/scene/end-login"));
onClick("log-out", () => login.tokens.forget({ revoke: true }));
for (const button of document.querySelectorAll<HTMLElement>("button[data-user]"))
  button.addEventListener("click", () => login.begin(button.dataset["user"] as string));
for (const input of document.querySelectorAll<HTMLInputElement>("input[name=place]"))
  input.addEventListener("change", () => {
    post({ type: "place", place: input.value as Place });
    void refreshIn(input.value as Place);
  });

async function withToken(path: string): Promise<void> {
  const { accessToken } = await login.tokens.get();
  await fetch(path, { method: "POST", headers: { authorization: `Bearer ${accessToken}` } });
}

function showPlace(): void {
  document.body.dataset["place"] = place;
  for (const input of document.querySelectorAll<HTMLInputElement>("input[name=place]")) input.checked = input.value === place;
}

function showCounts(): void {
  const answered = history.totals.get("200") ?? 0;
  find("answered").textContent = String(answered);
  find("replays").textContent = String(history.replays);
  find("failed").textContent = String([...history.totals.values()].reduce((sum, count) => sum + count, 0) - answered);
  showGenerations(find("generations"), history);
}

function showState(): void {
  const { state, expiresAt } = login.tokens.status();
  const number = history.generations.at(-1)?.number;
  const left = expiresAt === undefined ? "" : `, ends in ${Math.max(0, (expiresAt - Date.now()) / 1000).toFixed(1)} s`;
  const words = {
    "logged-in": `${user ?? "Somebody"} is logged in. Generation ${number}${left}.`,
    "logged-out": "nobody is logged in.",
    unknown: "somebody may be logged in.",
  };
  find("state").textContent = `${name}: ${words[state]}`;
  Object.assign(document.body.dataset, { tab: name, state, user: user ?? "", generation: number ?? "", pending });
}

async function askServer(): Promise<void> {
  const { refreshes, reuses } = (await (await fetch("/scene/counts")).json()) as { refreshes: number; reuses: number };
  find("refreshes").textContent = String(refreshes);
  find("reuses").textContent = String(reuses);
}

let lanes: readonly string[] = [name];
async function look(): Promise<void> {
  const tabs = await openTabs();
  const worker = place === "worker" ? ["Worker"] : [];
  lanes = [...worker, ...(tabs.includes(name) ? tabs : [...tabs, name])];
  showState();
  await askServer();
}

/** A call from time to time, while anybody is logged in. Where that is not known, it looks. */
function callByItself(): void {
  if (login.tokens.status().state === "unknown") void login.tokens.reread().catch(() => {});
  if (find<HTMLInputElement>("by-itself").checked && login.tokens.status().state === "logged-in") void sendCalls(1);
  setTimeout(callByItself, 250 + Math.random() * 300);
}

const isCalm = matchMedia("(prefers-reduced-motion: reduce)");
function drawAgain(): void {
  timeline.draw(lanes, Date.now());
  if (isCalm.matches) setTimeout(drawAgain, 1000);
  else requestAnimationFrame(drawAgain);
}

showPlace();
post({ type: "history-wanted" });
await login.finish();
await login.tokens.reread().catch(() => {});
await look();
setInterval(() => void look().catch(() => {}), 400);
callByItself();
drawAgain();
