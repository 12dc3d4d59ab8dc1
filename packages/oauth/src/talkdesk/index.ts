export { sessionIdOf, talkdesk, type Talkdesk, type TalkdeskOptions } from "./talkdesk.ts";
export type { TalkdeskRegion } from "./regions.ts";
export { advancedDialerRefused } from "./advanced-dialer.ts";
export { installationFrom, type Installation, type InstallationOptions } from "./installation.ts";
