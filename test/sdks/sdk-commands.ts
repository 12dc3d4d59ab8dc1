/** What the process with the libraries does. A call resolves to undefined, or to what was thrown. */
export type SdkCommands = {
  /** Has a library create something at an API, with tokens of its own: "token-1", "token-2" and so on. */
  callApi(library: string, origin: string): Promise<string | undefined>;
  /** Has a host connect to an MCP server, whose user agrees to everything. */
  connect(host: string, url: string): Promise<string | undefined>;
  /** Has the connected hosts of this name call the server's tool so many times at once. */
  callTool(host: string, times: number): Promise<string | undefined>;
  /** Pages that the user was sent to. */
  windows(): number;
  close(host: string): Promise<void>;
};
