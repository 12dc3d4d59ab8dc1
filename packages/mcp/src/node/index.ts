export { createMcpLogin, type LoginPage, type NodeLoginOptions, type NodeMcpLoginOptions } from "./create-mcp-login.ts";
