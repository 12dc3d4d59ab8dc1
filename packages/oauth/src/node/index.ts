export { loopbackLogin, type LoopbackLoginOptions } from "./loopback-login.ts";
export { openBrowser } from "./open-browser.ts";
